"""Runs a model in PyTorch: as trained, in its inference form, or compiled."""

import contextlib
from pathlib import Path

import torch

from ..deploy import fuse
from ..utils.timing import Run
from .models import build_model, get_input_size, load_config
from .settings import Group, Settings


def open_torch(config: Path, group: Group, settings: Settings) -> Run:
    """Open a model in PyTorch: as trained, in its inference form, or compiled.

    The compiled one is the inference form, too. Precision 'amp' is autocast, to
    float16 on a GPU and to bfloat16 on a CPU. Returns what does one run and returns
    the heatmaps; on a GPU it does not wait.
    """
    torch.set_num_threads(settings.threads)
    config = load_config(config, settings.input_size)
    model = build_model(config)
    if group.runtime != 'eager':
        model = fuse(model)
    layout = choose_layout(settings)
    model = model.to(settings.device, memory_format=layout)
    width, height = get_input_size(config)
    images = torch.randn(
        (group.batch_size, 3, height, width),
        generator=torch.Generator(settings.device).manual_seed(0),
        device=settings.device,
    ).contiguous(memory_format=layout)

    forward = model
    if group.runtime == 'compile':
        # PyTorch compiles one function for 8 models, and runs any more uncompiled
        torch._dynamo.config.cache_size_limit = 1024
        mode = 'reduce-overhead' if settings.cuda_graphs else 'default'
        forward = torch.compile(model, dynamic=False, mode=mode)

    @torch.inference_mode()
    def run() -> torch.Tensor:
        with _autocast(group.precision, settings.device):
            return forward(images, None, mode='tensor')

    if group.runtime == 'compile':
        run()  # compiles
    elif settings.cuda_graphs:
        return _capture(run)
    return run


def choose_layout(settings: Settings) -> torch.memory_format:
    """Choose how images and weights lie in memory."""
    return torch.channels_last if settings.channels_last else torch.contiguous_format


def _autocast(precision: str, device: str) -> contextlib.AbstractContextManager:
    if precision != 'amp':
        return contextlib.nullcontext()
    kind = torch.device(device).type
    dtype = torch.float16 if kind == 'cuda' else torch.bfloat16
    return torch.autocast(kind, dtype)


def _capture(run: Run) -> Run:
    """Record a run on a GPU, to be replayed without Python."""
    aside = torch.cuda.Stream()
    aside.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(aside):
        for _ in range(3):
            run()
    torch.cuda.current_stream().wait_stream(aside)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        run()
    return graph.replay
