"""The comparison: docs/comparison.md is what its sources give, and holds all of them."""

import runpy
import sys
from collections import Counter
from dataclasses import replace
from itertools import combinations

import pytest
import yaml
from matplotlib.transforms import Bbox
from PIL import Image

from mmpose_light.benchmark import pictures
from mmpose_light.benchmark.comparison import (
    COUNTED,
    count_network,
    list_rows,
    make_cards,
    read_counts,
)
from mmpose_light.benchmark.comparison_page import (
    make_comparison,
    render_comparison,
)
from mmpose_light.benchmark.models import find_subjects
from mmpose_light.benchmark.pictures import draw_parameters
from mmpose_light.benchmark.published import COCO, MPII, list_published
from mmpose_light.benchmark.quoted import (
    METRICS,
    ZOOS,
    Quotations,
    read_quotations,
)

FILES = 'comparison.json', 'comparison.md', 'ap_against_params.png'
QUOTED = """
papers: {Tiny: https://example.org/paper}
tables:
- paper: Tiny
  table: 1
  dataset: COCO val2017
  columns: [network, method, backbone, input, params, gflops, AP]
  rows:
  - [hrnet-w32, HRNet, HRNet-W32, 256x192, 28.5, 7.1, 74.6]
"""


@pytest.fixture(scope='module')
def docs(repo_dir):
    return repo_dir / 'docs'


@pytest.fixture(scope='module')
def quotations(docs):
    return read_quotations(docs / 'comparison.yml')


@pytest.fixture(scope='module')
def counts(docs):
    return read_counts(docs / 'comparison.json')


# The page


def test_the_page_is_up_to_date(docs, counts, quotations):
    page = (docs / 'comparison.md').read_text(encoding='utf-8')
    assert render_comparison(counts, quotations) == page, (
        'run `python tools/make_comparison.py`; with --no-count, if only metafiles or '
        'comparison.yml changed'
    )


def test_every_network_is_counted(counts):
    for dataset, networks in counts.items():
        assert list(networks) == list(ZOOS[dataset])


@pytest.mark.parametrize(
    ('dataset', 'name'),
    [(COCO, 'small-hrnet-w16'), (COCO, 'rtmpose-t'), (MPII, 'mobilenetv2')],
)
def test_counts_are_those_of_the_networks(dataset, name, counts):
    (subject,) = find_subjects([name], zoo=ZOOS[dataset])
    assert count_network(subject) == counts[dataset][name]


def test_counts_are_those_of_our_metafiles(repo_dir, counts):
    listed = {
        entry['Name']: entry['Metadata']
        for family in ('el_hrnet', 'eeffpose')
        for entry in yaml.safe_load(
            (repo_dir / 'configs' / family / 'metafile.yml').read_text('utf-8')
        )['Models']
    }
    compared = 0
    for dataset, networks in counts.items():
        for subject in find_subjects(list(networks), zoo=ZOOS[dataset]):
            if subject.ours:
                count, metadata = networks[subject.name], listed[subject.config.stem]
                assert count.parameters == metadata['Parameters']
                assert count.macs == metadata['MACs']
                compared += 1
    assert compared >= 9


@pytest.mark.parametrize('dataset', METRICS)
def test_nothing_is_lost(dataset, counts, quotations):
    rows = list_rows(dataset, counts, quotations)
    shown = Counter(source for row in rows for source in row.sources)
    quoted = [q for q in quotations.rows if q.dataset == dataset]
    published = [
        result
        for subject in find_subjects(['all'], zoo=ZOOS[dataset])
        for result in list_published(subject.config)
        if result.dataset == dataset
    ]
    assert shown == Counter(result.source for result in (*quoted, *published))
    for result in (*quoted, *published):
        figures = {k: v for k, v in result.metrics.items() if k in METRICS[dataset]}
        assert any(
            row.metrics == figures and result.source in row.sources for row in rows
        )


def test_quoted_parameters_are_those_counted(counts, quotations):
    """So a quoted row is of the network that it is put beside."""
    linked = [q for q in quotations.rows if q.network]
    assert len(linked) > 30
    for quotation in linked:
        count = counts[COUNTED[quotation.dataset]][quotation.network]
        rounded = abs(quotation.parameters - count.parameters)
        assert rounded < 0.06e6, quotation


def test_networks_of_both_papers_are_there(counts, quotations):
    labels = {
        dataset: {row.label for row in list_rows(dataset, counts, quotations)}
        for dataset in METRICS
    }
    for part in ('CPN', 'LPN', 'DANet', 'ScaleNet', 'Lightweight', '8-S Hourglass'):
        assert any(part in label for label in labels[COCO]), part
    ours = {'EL-HRNet-W32', 'EEffPose-P0', 'EEffPose-P2'}
    assert all(ours <= found for found in labels.values())
    for number in ('I', 'II', 'III', 'IV'):
        assert f'EfficientPose {number}' in labels[MPII]
    assert {'Stacked Hourglass', 'Hourglass + U-Net'} <= labels[MPII]


def test_counted_and_quoted_look_different(counts, quotations):
    lines = render_comparison(counts, quotations).splitlines()
    (danet,) = (line for line in lines if line.startswith('| DANet-102 |'))
    assert '| *5.8 M* | *1.8 G* | 73.4 |' in danet
    ours = [line for line in lines if line.startswith('| **EL-HRNet-W32** |')]
    assert len(ours) == 3
    assert '| 256x192 | 5.03 M | 2.15 G | 67.1 | 86.4 | 74.2 |' in ours[0]
    efficient = next(line for line in lines if 'EfficientPose I |' in line)
    assert '| – | *0.7 M* | *1.7 G* |' not in efficient, 'decimals are kept'
    assert '*1.67 G*' in efficient


# Rows


@pytest.fixture
def made_up(tmp_path):
    (tmp_path / 'comparison.yml').write_text(QUOTED)
    return read_quotations(tmp_path / 'comparison.yml')


def test_results_that_agree_are_one_row(made_up, counts):
    first = made_up.rows[0]
    same = replace(first, source='again')
    other = replace(first, source='other', metrics={'AP': 74.7})
    rows = list_rows(COCO, counts, Quotations({}, [first, same, other], {}))
    hrnet = [row for row in rows if row.metrics.keys() == {'AP'}]
    assert [row.sources for row in hrnet] == [('[Tiny], Table 1', 'again'), ('other',)]
    assert {row.parameters for row in hrnet} == {counts[COCO]['hrnet-w32'].parameters}


def test_a_row_at_another_size_is_refused(made_up, counts):
    row = replace(made_up.rows[0], input_size=(288, 384))
    with pytest.raises(ValueError, match='hrnet-w32 is quoted at 384x288.*256x192'):
        list_rows(COCO, counts, Quotations({}, [row], {}))


def test_differences_are_listed(made_up, counts):
    quotations = replace(made_up, notes=dict.fromkeys(METRICS, ()))
    head = 'Where papers print other figures'
    assert '| HRNet-W32 |' not in render_comparison(counts, quotations).split(head)[1]
    row = replace(made_up.rows[0], parameters=20e6)
    quotations = replace(quotations, rows=[row])
    listed = render_comparison(counts, quotations).split(head)[1]
    assert '| HRNet-W32 | 256x192 | 28.54 M | 20.0 M | 7.65 G | 7.1 G |' in listed


@pytest.mark.parametrize(
    ('old', 'new', 'message'),
    [
        ('dataset: COCO val2017', 'dataset: COCO', "'COCO': COCO val2017.*would do"),
        ('gflops, AP]', 'gflops, PCK]', "column 'PCK' is unknown"),
        ('7.1, 74.6', '7.1', '6 values for 7 columns'),
        ('74.6', '746', 'AP of .* is not from 0 to 100'),
        ('74.6', 'high', 'AP of .* is not from 0 to 100'),
        ('[hrnet-w32', '[hrnet-w23', "'hrnet-w23' is unknown.*hrnet-w32"),
        ('256x192', '256', 'input 256.*256x192 would do'),
        ('28.5', '~', 'lacks params'),
        ('paper: Tiny', 'paper: Huge', 'Huge, table 1: this paper is not among Tiny'),
    ],
)
def test_bad_rows(old, new, message, tmp_path):
    path = tmp_path / 'comparison.yml'
    path.write_text(QUOTED.replace(old, new, 1))
    with pytest.raises(ValueError, match=message):
        read_quotations(path)


# The picture


def test_a_point_for_each_network(counts, made_up):
    rows = [r for r in list_rows(COCO, counts, made_up) if r.label == 'HRNet-W32']
    measured, quoted, large = rows[0], rows[1], rows[2]
    unknown = replace(quoted, label='CPN', parameters=None)
    cards = make_cards([quoted, unknown, large, measured])
    assert [card.label for card in cards] == ['HRNet-W32 384x288', 'HRNet-W32']
    assert all(card.ap_reproduced for card in cards), 'not what a paper quotes'
    assert cards[1].parameters == counts[COCO]['hrnet-w32'].parameters


def test_the_picture_shows_three_kinds(counts, made_up, tmp_path):
    rows = {r.label: r for r in list_rows(COCO, counts, made_up)}
    cards = make_cards([rows[n] for n in ('EffBase', 'MobileNetV2', 'MobileNetV3')])
    (path,) = draw_parameters(cards, tmp_path)
    colours = {
        colour for _, colour in Image.open(path).convert('RGB').getcolors(1 << 20)
    }
    assert {(214, 39, 40), (31, 119, 180)} <= colours, 'red stars, blue circles'
    assert draw_parameters([], tmp_path) == []
    assert not path.exists(), 'nothing to show'


def test_the_picture_in_docs(docs):
    path = docs / 'ap_against_params.png'
    assert path.stat().st_size < 150_000
    assert min(Image.open(path).size) > 600


# The command


def test_no_quotations(tmp_path, monkeypatch, repo_dir):
    monkeypatch.setattr(sys, 'argv', ['make_comparison.py', '--docs', str(tmp_path)])
    with pytest.raises(SystemExit, match=r'error: .*comparison\.yml does not exist'):
        runpy.run_path(str(repo_dir / 'tools/make_comparison.py'), run_name='__main__')
    assert not list(tmp_path.iterdir())


@pytest.mark.long
def test_everything_is_what_the_command_writes(docs, tmp_path, monkeypatch):
    """Every network is counted; no name in the picture covers another or a point."""
    covered = []
    label_points = pictures.label_points

    def label_and_look(axis, points):
        label_points(axis, points)
        places = [axis.transData.transform((point.x, point.y)) for point in points]
        marks = [Bbox.from_bounds(x - 4, y - 4, 8, 8) for x, y in places]
        texts = [text.get_window_extent() for text in axis.texts]
        covered.extend(a for a, b in combinations(texts, 2) if a.overlaps(b))
        covered.extend(a for a in texts for mark in marks if a.overlaps(mark))

    monkeypatch.setattr(pictures, 'label_points', label_and_look)
    (tmp_path / 'comparison.yml').write_bytes((docs / 'comparison.yml').read_bytes())
    files = make_comparison(tmp_path)
    assert [file.name for file in files] == list(FILES)
    for name in FILES[:2]:
        assert (tmp_path / name).read_text() == (docs / name).read_text(), name
    assert not covered
