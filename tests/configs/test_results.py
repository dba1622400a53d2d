"""The tables of results in the READMEs say what the metafiles say."""

import re
from pathlib import Path

import pytest
import yaml

CONFIGS = Path(__file__).resolve().parents[2] / 'configs'
FAMILIES = sorted(path.parent.name for path in CONFIGS.glob('*/metafile.yml'))
JOINTS = ('Head', 'Shoulder', 'Elbow', 'Wrist', 'Hip', 'Knee', 'Ankle')
COLUMNS = {
    'AP': 'AP',
    'AP<sup>50</sup>': 'AP@0.5',
    'AP<sup>75</sup>': 'AP@0.75',
    'AP<sup>M</sup>': 'AP (M)',
    'AP<sup>L</sup>': 'AP (L)',
    'AR': 'AR',
    **{name: name for name in (*JOINTS, 'Mean', 'Mean@0.1')},
}
PUBLISHED = ' (paper)'
FIGURE = re.compile(r'\d+\.\d( \(paper\))?')


def listed_results(family):
    """Return (config, whether published, metrics in percent) of each result."""
    metafile = yaml.safe_load((CONFIGS / family / 'metafile.yml').read_text())
    return [
        (
            Path(model['Config']).relative_to(Path('configs') / family).as_posix(),
            'published' in result['Dataset'],
            {name: f'{100 * value:.1f}' for name, value in result['Metrics'].items()},
        )
        for model in metafile['Models']
        for result in model.get('Results', ())
    ]


def printed_results(family):
    """Return the same of each row that has figures."""
    results, header = [], None
    for line in (CONFIGS / family / 'README.md').read_text().splitlines():
        cells = [cell.strip() for cell in line.strip('|').split('|')]
        header = (header or cells) if line.startswith('|') else None
        config = re.search(r'\((\S*td-hm_\S*\.py)\)', line)
        if header is None or config is None:
            continue
        figures = {
            COLUMNS[column]: cell
            for column, cell in zip(header, cells, strict=True)
            if column in COLUMNS and FIGURE.fullmatch(cell)
        }
        if figures:
            marked = {cell.endswith(PUBLISHED) for cell in figures.values()}
            assert len(marked) == 1, f'the paper has only some figures of {line}'
            figures = {k: cell.removesuffix(PUBLISHED) for k, cell in figures.items()}
            results.append((config[1], marked.pop(), figures))
    return results


@pytest.mark.parametrize('family', FAMILIES)
def test_tables_and_metafiles_agree(family):
    listed, printed = listed_results(family), printed_results(family)
    assert [result for result in listed if result not in printed] == []
    for config, published, figures in printed:  # the ablation has fewer columns
        assert any(
            config == c and published == p and figures.items() <= metrics.items()
            for c, p, metrics in listed
        ), f'the metafile does not have {figures} of {config}'
