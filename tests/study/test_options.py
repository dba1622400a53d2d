"""Options that make no sense are refused."""

import pytest
import torch

from mmpose_light.study import RunOptions


@pytest.mark.parametrize(
    'option',
    [
        dict(iterations=0),
        dict(batch_size=1),
        dict(limit_images=0),
        dict(workers=-1),
        dict(seed=-1),
        dict(lr_scale=0.0),
        dict(time_budget=-1.0),
        dict(time_budget=float('nan')),
    ],
)
def test_numbers_that_make_no_sense(option):
    (name,) = option
    with pytest.raises(ValueError, match=f'{name} must be'):
        RunOptions(**option)


def test_split_needs_a_time_budget():
    with pytest.raises(ValueError, match='give time_budget'):
        RunOptions(split=True)


@pytest.mark.skipif(torch.cuda.is_available(), reason='there is a GPU')
@pytest.mark.parametrize('option', ['amp', 'cuda_graphs'])
def test_what_needs_a_gpu(option):
    with pytest.raises(ValueError, match='needs? a GPU'):
        RunOptions(**{option: True})
