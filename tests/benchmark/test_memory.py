"""The memory of inference."""

import sys

import pytest

from mmpose_light.benchmark.memory import measure_memory, try_apart


@pytest.mark.skipif(not sys.platform.startswith('linux'), reason='needs /proc')
def test_memory_grows_with_the_batch(folder, make_settings):
    settings = make_settings('tiny', batch_sizes=[2, 32], input_size=(192, 256))
    (peak, loaded), (larger_peak, larger_loaded) = (
        measure_memory(folder / 'tiny.py', group, settings) for group in settings.groups
    )
    # the output of the first two convolutions, 64 channels at half the size and at a
    # quarter, has to be in memory for each of 30 images more
    pixels = 96 * 128 + 48 * 64
    assert larger_peak - peak > 30 * 64 * pixels * 4
    images = 30 * 3 * 192 * 256 * 4
    assert abs(larger_loaded - loaded - images) < 0.2 * images


@pytest.mark.parametrize('run', [measure_memory, try_apart])
def test_a_model_that_cannot_run_says_so(run, folder, make_settings):
    settings = make_settings('broken')
    with pytest.raises(RuntimeError, match='channels'):
        run(folder / 'broken.py', settings.groups[0], settings)
