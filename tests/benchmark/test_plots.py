"""The plots of a benchmark."""

from dataclasses import replace

import numpy as np
from PIL import Image

from mmpose_light.benchmark.comparison import list_rows, make_cards
from mmpose_light.benchmark.plots import draw_parameters
from mmpose_light.benchmark.published import COCO
from mmpose_light.benchmark.run import write_results


def test_plots(measured, tmp_path):
    report = measured.report
    assert not list(measured.out.glob('*.png')), 'no AP is published at this size'
    published = dict(ap=42.5, ap_source='somewhere', ap_reproduced=True)
    cards = [replace(card, **published) for card in report.cards]
    files = write_results(replace(report, cards=cards), tmp_path)
    names = {file.name for file in files}
    assert {f'ap_against_{x}.png' for x in ('latency', 'macs', 'params')} < names
    for file in tmp_path.glob('*.png'):
        pixels = np.asarray(Image.open(file).convert('RGB'))
        assert min(pixels.shape[:2]) > 300
        assert pixels.std() > 10, 'something is drawn'
    assert '42.5, somewhere' in (tmp_path / 'benchmark.md').read_text()
    # nothing to show: what an earlier run drew must not stay
    write_results(report, tmp_path)
    assert not list(tmp_path.glob('*.png'))


def test_the_plot_shows_three_kinds(counts, made_up, tmp_path):
    rows = {r.label: r for r in list_rows(COCO, counts, made_up)}
    cards = make_cards([rows[n] for n in ('EffBase', 'MobileNetV2', 'MobileNetV3')])
    (path,) = draw_parameters(cards, tmp_path)
    colours = {
        colour for _, colour in Image.open(path).convert('RGB').getcolors(1 << 20)
    }
    assert {(214, 39, 40), (31, 119, 180)} <= colours, 'red stars, blue circles'
    assert draw_parameters([], tmp_path) == []
    assert not path.exists(), 'nothing to show'
