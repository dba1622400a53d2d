"""PyTorch in its ways: the same heatmaps from each."""

import pytest
import torch

from mmpose_light.benchmark.torch_runtime import open_torch


@pytest.mark.parametrize('channels_last', [False, True])
def test_ways_agree(channels_last, folder, make_settings):
    settings = make_settings(
        'tiny',
        runtimes=['eager', 'fused'],
        batch_sizes=[2],
        channels_last=channels_last,
    )
    outputs = []
    for group in settings.groups:
        torch.manual_seed(0)
        outputs.append(open_torch(folder / 'tiny.py', group, settings)())
    eager, fused = outputs
    assert eager.shape == (2, 17, 16, 16)
    torch.testing.assert_close(eager, fused, rtol=1e-4, atol=1e-5)


def test_amp(folder, make_settings):
    settings = make_settings('tiny', precisions=['amp'])
    heatmaps = open_torch(folder / 'tiny.py', settings.groups[0], settings)()
    assert heatmaps.dtype == torch.bfloat16
