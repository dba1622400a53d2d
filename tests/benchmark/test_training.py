"""The training step of the benchmark."""

import pytest
import torch

from mmpose_light.benchmark.models import build_model, find_models, load_config
from mmpose_light.benchmark.training import make_batch, open_training


@pytest.mark.parametrize('name', ['rtmpose-t', 'mobilenetv2'])
def test_any_input_size(name):
    """Sizes that go with the input's go along, SimCC's and the targets' too."""
    (card,) = find_models([name])
    config = load_config(card.config, (96, 128))
    model = build_model(config).train()
    batch = make_batch(config, model.head.out_channels, 2)
    batch = model.data_preprocessor(batch, training=True)
    losses = model(**batch, mode='loss')
    assert all(torch.isfinite(loss).all() for loss in losses.values())


def test_a_step_learns(folder, make_settings):
    settings = make_settings('tiny', train_batch_size=2, inference=False)
    step = open_training(folder / 'tiny.py', settings.groups[0], settings)
    losses = [float(step()['loss_kpt']) for _ in range(3)]
    assert len(set(losses)) == 3, 'the weights change on the same images'


def test_no_targets(folder):
    config = load_config(folder / 'tiny.py')
    config.train_dataloader.dataset.pipeline = []
    with pytest.raises(ValueError, match='GenerateTarget'):
        make_batch(config, 17, 2)
