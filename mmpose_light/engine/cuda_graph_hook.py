"""Replays forward and backward pass in training as CUDA graphs."""

import contextlib

import torch
from mmengine.hooks import Hook
from mmengine.model import is_model_wrapper
from mmengine.optim import AmpOptimWrapper
from mmengine.runner import EpochBasedTrainLoop, Runner
from mmpose.registry import HOOKS

from ..utils.errors import UserError
from .random_states import random_numbers_of


@HOOKS.register_module()
class CUDAGraphHook(Hook):
    """Replay the network's forward and backward pass in training as CUDA graphs.

    A network of many small layers keeps a GPU waiting for Python, which launches one
    kernel after the other. Here the kernels of backbone, neck and head are recorded
    before the first step, by :func:`torch.cuda.make_graphed_callables`, and replayed in
    each; loss, optimizer and evaluation stay as they are. The training stays the same
    but for rounding and the random numbers of stochastic depth. It is for top-down
    models, whose head's ``loss`` calls its ``forward``.

    Example:
        >>> custom_hooks = [dict(type='CUDAGraphHook')]
    """

    priority = 'VERY_LOW'

    def before_train(self, runner: Runner) -> None:
        """Record the kernels.

        In a loop over epochs the workers that prepare images begin later: pinning
        memory would spoil a recording.

        Args:
            runner (Runner): The runner of the training.

        Raises:
            UserError: If the loop is not over epochs, if the last batch of an epoch may
                be smaller, if gradients are accumulated, or if the model is not on one
                GPU.
        """
        model, loader = runner.model, runner.train_dataloader
        device = next(model.parameters()).device
        _check(runner, device)
        model.train()
        with random_numbers_of(0):
            batch = loader.collate_fn([loader.dataset[0]] * loader.batch_size)
        images = model.data_preprocessor(batch, training=True)['inputs']
        parts = [model.backbone, *([model.neck] if model.with_neck else []), model.head]
        buffers = [(buffer, buffer.clone()) for buffer in model.buffers()]
        with _precision(runner), torch.random.fork_rng(devices=[device]):
            args = []
            for part in parts:
                args.append((images,))
                images = _begin_anew(part(images))
            torch.cuda.make_graphed_callables(
                tuple(parts), tuple(args), allow_unused_input=True
            )
        for buffer, before in buffers:  # recording has moved the running means
            buffer.copy_(before)


def _check(runner: Runner, device: torch.device) -> None:
    """Complain about what a recording does not go with."""
    if not isinstance(runner.train_loop, EpochBasedTrainLoop):
        wanted = 'a loop over epochs: give train_cfg.by_epoch=True'
    elif not runner.train_dataloader.drop_last:
        wanted = 'batches of one size: give train_dataloader.drop_last=True'
    elif getattr(runner.optim_wrapper, '_accumulative_counts', 1) > 1:
        # a replay writes over the gradients of the one before
        wanted = 'an optimizer step after each batch: leave accumulative_counts out'
    elif is_model_wrapper(runner.model) or device.type != 'cuda':
        wanted = 'a model on one GPU: train on one'
    else:
        return
    raise UserError(f'CUDA graphs need {wanted}, or leave CUDAGraphHook out')


def _precision(runner: Runner) -> contextlib.AbstractContextManager:
    """Return the mixed precision of a training, whose casts are to be recorded too."""
    wrapper = runner.optim_wrapper
    if not isinstance(wrapper, AmpOptimWrapper):
        return contextlib.nullcontext()
    return torch.autocast('cuda', dtype=wrapper.cast_dtype, cache_enabled=False)


def _begin_anew(features: torch.Tensor | tuple | list) -> torch.Tensor | tuple | list:
    """Cut what a part gives off from what came before."""
    if isinstance(features, torch.Tensor):
        return features.detach().requires_grad_()
    return type(features)(_begin_anew(feature) for feature in features)
