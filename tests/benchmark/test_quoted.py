"""The papers' rows: read as they are printed, or refused."""

import pytest

from mmpose_light.benchmark.published import COCO
from mmpose_light.benchmark.quoted import read_quotations


def test_a_row(made_up):
    (row,) = made_up.rows
    assert (row.dataset, row.network, row.label) == (COCO, 'hrnet-w32', 'HRNet-W32')
    assert row.input_size == (192, 256)
    assert (row.parameters, row.macs) == (28.5e6, 7.1e9)
    assert row.metrics == {'AP': 74.6}
    assert row.sources == ('[Tiny], Table 1',)


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
def test_bad_rows(old, new, message, quoted_text, tmp_path):
    path = tmp_path / 'comparison.yml'
    path.write_text(quoted_text.replace(old, new, 1))
    with pytest.raises(ValueError, match=message):
        read_quotations(path)
