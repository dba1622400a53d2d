"""A training step: forward, loss, backward and optimizer, as the config has them."""

from pathlib import Path

import numpy as np
import torch
from mmengine.config import Config
from mmengine.dataset import Compose, pseudo_collate
from mmengine.optim import build_optim_wrapper

from ..utils.errors import UserError
from ..utils.timing import Run
from .models import build_model, get_input_size, load_config
from .settings import Group, Settings
from .torch_runtime import choose_layout

#: The transforms of a training pipeline that make the targets.
TARGETS = ('GenerateTarget', 'PackPoseInputs')


def open_training(config: Path, group: Group, settings: Settings) -> Run:
    """Open a model for training steps on the same random images each time.

    Loss, optimizer and whatever else belongs to the step are those of the config.
    Loading and augmenting images are no part of it. Precision 'amp' is MMEngine's
    ``AmpOptimWrapper``, which needs a GPU. Returns what does one step.

    Raises:
        UserError: If the config has no training pipeline with ``GenerateTarget``.
    """
    torch.set_num_threads(settings.threads)
    config = load_config(config, settings.input_size)
    model = build_model(config).train()
    model = model.to(settings.device, memory_format=choose_layout(settings))
    wrapper = dict(config.optim_wrapper)
    if group.precision == 'amp':
        wrapper['type'] = 'AmpOptimWrapper'
    optim_wrapper = build_optim_wrapper(model, wrapper)
    batch = make_batch(config, model.head.out_channels, group.batch_size)
    return lambda: model.train_step(batch, optim_wrapper)


def make_batch(config: Config, num_keypoints: int, batch_size: int) -> dict:
    """Make a batch of random people, with targets, as the config's train dataloader does.

    Raises:
        UserError: If the config has no training pipeline with ``GenerateTarget``.
    """
    loader = config.get('train_dataloader')
    pipeline = [
        transform
        for transform in (loader.dataset.get('pipeline', ()) if loader else ())
        if transform.type in TARGETS
    ]
    if [transform.type for transform in pipeline] != list(TARGETS):
        raise UserError(
            f'config {config.filename} has no training pipeline that ends with '
            f'{" and ".join(TARGETS)}: no targets to train with'
        )
    width, height = get_input_size(config)
    random = np.random.default_rng(0)
    pack = Compose(pipeline)
    people = []
    for _ in range(batch_size):
        keypoints = random.uniform((0, 0), (width, height), (1, num_keypoints, 2))
        keypoints = keypoints.astype(np.float32)
        people.append(
            pack(
                dict(
                    img=random.integers(0, 256, (height, width, 3), dtype=np.uint8),
                    keypoints=keypoints,
                    transformed_keypoints=keypoints,
                    keypoints_visible=np.ones((1, num_keypoints), np.float32),
                    dataset_keypoint_weights=np.ones(num_keypoints, np.float32),
                )
            )
        )
    return pseudo_collate(people)
