"""Launches a training step's kernels all at once."""

import contextlib

import torch
from mmengine.hooks import Hook
from mmengine.model import is_model_wrapper
from mmengine.optim import AmpOptimWrapper
from mmengine.runner import Runner
from mmpose.registry import HOOKS

from ..utils.errors import UserError
from .random_states import random_numbers_of


@HOOKS.register_module()
class CUDAGraphHook(Hook):
    """Replay the network's forward and backward pass in training as CUDA graphs.

    A network of many small layers keeps a GPU waiting for Python, which launches one
    kernel after the other. Here the kernels of backbone, neck and head are recorded
    before the first step, by :func:`torch.cuda.make_graphed_callables`, and each step
    launches them all at once; loss, optimizer and evaluation stay as they are. What is
    computed stays the same, too, but stochastic depth draws other random numbers. Every
    batch has to be of one shape, on one GPU.

    Example:
        >>> custom_hooks = [dict(type='CUDAGraphHook')]
    """

    priority = 'VERY_LOW'

    def before_train(self, runner: Runner) -> None:
        """Record the kernels.

        The workers that prepare images have not begun then: pinning memory would spoil
        a recording.

        Raises:
            UserError: If the model is not on a GPU or on several, or if the last batch
                of an epoch may be smaller.
        """
        model, loader = runner.model, runner.train_dataloader
        parameter = next(model.parameters())
        if is_model_wrapper(model) or not parameter.is_cuda:
            raise UserError(
                'CUDA graphs need a model on one GPU: train on one, or leave '
                'CUDAGraphHook out'
            )
        if not loader.drop_last:
            raise UserError(
                'CUDA graphs need batches of one size: give train_dataloader.drop_last='
                'True, or leave CUDAGraphHook out'
            )
        model.train()
        with random_numbers_of(0):
            batch = loader.collate_fn([loader.dataset[0]] * loader.batch_size)
        images = model.data_preprocessor(batch, training=True)['inputs']
        parts = [model.backbone, *([model.neck] if model.with_neck else []), model.head]
        buffers = [(buffer, buffer.clone()) for buffer in model.buffers()]
        with _precision(runner), torch.random.fork_rng(devices=[parameter.device]):
            args = []
            for part in parts:
                args.append((images,))
                images = _begin_anew(part(images))
            torch.cuda.make_graphed_callables(
                tuple(parts), tuple(args), allow_unused_input=True
            )
        for buffer, before in buffers:  # recording has moved the running means
            buffer.copy_(before)


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
