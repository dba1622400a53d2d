"""The page of the comparison: docs/comparison.md is what its sources give."""

from dataclasses import replace
from itertools import combinations

import pytest
from matplotlib.transforms import Bbox
from PIL import Image

from mmpose_light.benchmark import plots
from mmpose_light.benchmark.comparison_page import (
    make_comparison,
    render_comparison,
)
from mmpose_light.benchmark.quoted import METRICS

FILES = 'comparison.json', 'comparison.md', 'ap_against_params.png'


def test_the_page_is_up_to_date(docs, counts, quotations):
    page = (docs / 'comparison.md').read_text(encoding='utf-8')
    assert render_comparison(counts, quotations) == page, (
        'run `mmpose-light compare`; with --no-count, if only metafiles or '
        'comparison.yml changed'
    )


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


def test_differences_are_listed(made_up, counts):
    quotations = replace(made_up, notes=dict.fromkeys(METRICS, ()))
    head = 'Where papers print other figures'
    assert '| HRNet-W32 |' not in render_comparison(counts, quotations).split(head)[1]
    row = replace(made_up.rows[0], parameters=20e6)
    quotations = replace(quotations, rows=[row])
    listed = render_comparison(counts, quotations).split(head)[1]
    assert '| HRNet-W32 | 256x192 | 28.54 M | 20.0 M | 7.65 G | 7.1 G |' in listed


def test_the_plot_in_docs(docs):
    path = docs / 'ap_against_params.png'
    assert path.stat().st_size < 150_000
    assert min(Image.open(path).size) > 600


@pytest.mark.long
def test_everything_is_what_the_command_writes(docs, tmp_path, monkeypatch):
    """Every model is counted; no name in the plot covers another or a point."""
    covered = []
    label_points = plots.label_points

    def label_and_look(axis, points):
        label_points(axis, points)
        places = [axis.transData.transform((point.x, point.y)) for point in points]
        marks = [Bbox.from_bounds(x - 4, y - 4, 8, 8) for x, y in places]
        texts = [text.get_window_extent() for text in axis.texts]
        covered.extend(a for a, b in combinations(texts, 2) if a.overlaps(b))
        covered.extend(a for a in texts for mark in marks if a.overlaps(mark))

    monkeypatch.setattr(plots, 'label_points', label_and_look)
    (tmp_path / 'comparison.yml').write_bytes((docs / 'comparison.yml').read_bytes())
    files = make_comparison(tmp_path)
    assert [file.name for file in files] == list(FILES)
    for name in FILES[:2]:
        assert (tmp_path / name).read_text() == (docs / name).read_text(), name
    assert not covered
