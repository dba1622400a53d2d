"""The page of the comparison: a table for each data set, in Markdown, and a plot."""

from collections.abc import Sequence
from pathlib import Path

from ..utils.files import whole_file
from .comparison import (
    COUNTED,
    Counts,
    count_models,
    list_rows,
    make_cards,
    read_counts,
    write_counts,
)
from .plots import PARAMETERS, draw_parameters
from .progress import OnStep, ignore
from .published import COCO, HOST_URL, MPII
from .quoted import METRICS, Quotations, Row, read_quotations
from .tables import MISSING, make_markdown_table, show_input

QUOTED, COUNTS, PAGE = 'comparison.yml', 'comparison.json', 'comparison.md'

#: How far a printed figure may be off the counted one without being listed: papers
#: round, and some have 2^30 in a "G".
TOLERANCE = 0.1

_HEADS = {
    'AP@0.5': 'AP<sup>50</sup>',
    'AP@0.75': 'AP<sup>75</sup>',
    'AP (M)': 'AP<sup>M</sup>',
    'AP (L)': 'AP<sup>L</sup>',
}
_TITLES = {MPII: 'MPII val, PCKh@0.5'}
_INTRODUCTION = f"""\
# Comparison

Written by `mmpose-light compare`. To change a row, change what it is made
from: the metafiles, [{QUOTED}]({QUOTED}), or the table of models in
`mmpose_light/apis/zoo.py`.

- **#Params and MACs** are counted here on the network, for one image; MACs are
  multiply-accumulates of convolutions, linear layers and matrix products, in
  10<sup>9</sup>. *In italics* both are as the paper prints them (as "FLOPs"): the
  network is not at hand.
- **Accuracies** are published ones; none was measured here. MMPose measured its networks
  and has their weights. For the networks of this package, in bold, they are their
  papers', and not reproduced. Where the source names a table, a paper quotes them.
- Rows are in order of parameters. A network with two results has two rows. MobileNetV2,
  MobileNetV3 and ShuffleNetV2 are SimpleBaseline with that backbone. MobileNetV3 and
  Small HRNet-W16 are counted as built here from MMPose's parts, in
  [configs/peers](../configs/peers); their accuracies are of EL-HRNet's Table 2.
"""
_DIFFERENCES = (
    'Where a paper prints parameters or FLOPs that are more than a tenth off those '
    'counted here. Papers count operations in several ways; where the parameters agree, '
    'it is the same network.'
)


def make_comparison(
    docs: str | Path = 'docs', *, count: bool = True, on_step: OnStep = ignore
) -> list[Path]:
    """Write the page and its plot.

    Args:
        docs (str | Path): The folder with ``comparison.yml``.
        count (bool): Whether to count all models first, which takes minutes, instead
            of reading what was counted before.
        on_step (Callable): Is told how far counting is.

    Returns:
        list[Path]: The files: ``comparison.json`` with what was counted,
        ``comparison.md`` and ``ap_against_params.png``.

    Raises:
        MissingFileError: If the rows of the papers are not there, or nothing was
            counted before.
        UserError: If one of the rows is not as it should be.
    """
    docs = Path(docs)
    quotations = read_quotations(docs / QUOTED)
    counts = count_models(on_step) if count else read_counts(docs / COUNTS)
    page = render_comparison(counts, quotations)
    if count:
        write_counts(counts, docs / COUNTS)
    with whole_file(docs / PAGE) as part:
        part.write_text(page, encoding='utf-8')
    cards = make_cards(list_rows(COCO, counts, quotations))
    return [docs / COUNTS, docs / PAGE, *draw_parameters(cards, docs)]


def render_comparison(counts: Counts, quotations: Quotations) -> str:
    """Write the tables as Markdown: the page."""
    lines = [_INTRODUCTION]
    for dataset, metrics in METRICS.items():
        lines += [f'## {_TITLES.get(dataset, dataset)}', '']
        if dataset == COCO:
            lines += [f'![Published AP against parameters]({PARAMETERS})', '']
        heads = [_HEADS.get(name, name) for name in metrics]
        table = [['Network', 'Input', '#Params', 'MACs', *heads, 'Source']]
        for row in list_rows(dataset, counts, quotations):
            table.append(_show_row(row, metrics, quotations.papers))
        lines += [*make_markdown_table(table), '']
        lines += [f'- {note}' for note in quotations.notes[dataset]]
        lines += [''] if quotations.notes[dataset] else []
    lines += ['## Where papers print other figures', '', _DIFFERENCES, '']
    lines += make_markdown_table(_list_differences(counts, quotations))
    lines += ['', *(f'[{name}]: {url}' for name, url in quotations.papers.items())]
    return '\n'.join(lines) + '\n'


def _show_row(row: Row, metrics: Sequence[str], papers: dict[str, str]) -> list[str]:
    size = [_show_size(row.parameters, 'M', row.counted)]
    size += [_show_size(row.macs, 'G', row.counted)]
    return [
        f'**{row.label}**' if row.ours else row.label,
        show_input(row.input_size),
        *(text if row.counted else f'*{text}*' for text in size),
        *(_show_printed(row.metrics.get(name)) for name in metrics),
        '; '.join(_show_source(source, papers) for source in row.sources),
    ]


def _show_size(value: float | None, unit: str, counted: bool) -> str:
    """Show a number of parameters or MACs."""
    if value is None:
        return MISSING
    value /= dict(M=1e6, G=1e9)[unit]
    return f'{value:.2f} {unit}' if counted else f'{_show_printed(value)} {unit}'


def _show_printed(value: float | None) -> str:
    """Show a decimal, or two where that many are printed."""
    if value is None:
        return MISSING
    return f'{value:.1f}' if round(value, 1) == round(value, 4) else f'{value:.2f}'


def _show_source(source: str, papers: dict[str, str]) -> str:
    if source.startswith(HOST_URL):
        return f'[MMPose]({source})'
    names = {url: f'[{name}]' for name, url in papers.items()}
    return names.get(source, source)


def _list_differences(counts: Counts, quotations: Quotations) -> list[list[str]]:
    """List what is printed otherwise than counted: heads, then rows."""
    found = {}
    for row in quotations.rows:
        count = counts[COUNTED[row.dataset]].get(row.network)
        if count is None:
            continue
        printed = row.parameters, row.macs
        off = [
            abs(was / is_ - 1) > TOLERANCE
            for was, is_ in zip(printed, (count.parameters, count.macs), strict=True)
        ]
        if any(off):
            cells = (
                row.label,
                show_input(count.input_size),
                _show_size(count.parameters, 'M', True),
                _show_size(row.parameters, 'M', False),
                _show_size(count.macs, 'G', True),
                _show_size(row.macs, 'G', False),
            )
            found.setdefault(cells, []).extend(row.sources)
    heads = ['Network', 'Input', '#Params', 'printed', 'MACs', 'printed', 'Source']
    return [heads, *([*row, '; '.join(sources)] for row, sources in found.items())]
