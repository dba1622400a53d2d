"""Exports the networks of the benchmark for the backends that run files."""

from dataclasses import replace
from pathlib import Path

import numpy as np

from ..deploy import export_model, quantize
from ..deploy.export import save_graph
from ..deploy.packages import import_package
from .backends import Job
from .models import build_model, get_input_size, load_config

CALIBRATION_IMAGES = 8


def export_job(job: Job, folder: Path) -> Path:
    """Export a network for a job, once for all jobs of that form.

    The batch size is fixed, which every network can be exported for. For int8 the
    scales are found on random images: the time does not depend on them.

    Args:
        job (Job): What is to run.
        folder (Path): Where the file goes; files in it are taken as they are.

    Returns:
        Path: The ONNX file.
    """
    form = (
        f'{job.precision}-{job.backend}' if job.precision == 'int8' else job.precision
    )
    file = folder / f'{job.config.stem}-b{job.batch_size}-{form}.onnx'
    if file.exists():
        return file
    if job.precision == 'int8':
        source = export_job(replace(job, precision='fp32'), folder)
        return _quantize(source, file, job.backend)
    config = load_config(job.config, job.input_size)
    return export_model(
        build_model(config),
        file,
        input_size=get_input_size(config),
        batch=job.batch_size,
        precision=job.precision,
    )


def _quantize(source: Path, file: Path, runtime: str) -> Path:
    graph = import_package('onnx').load(source)
    shape = [side.dim_value for side in graph.graph.input[0].type.tensor_type.shape.dim]
    random = np.random.default_rng(0)
    images = random.standard_normal((CALIBRATION_IMAGES, *shape[1:]), np.float32)
    return save_graph(quantize(graph, images, runtime=runtime), file)
