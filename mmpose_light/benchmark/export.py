"""Exports the models of the benchmark for the runtimes that run files."""

from dataclasses import replace
from pathlib import Path

import numpy as np

from ..deploy import export_model, quantize
from ..deploy.export import save_graph
from ..deploy.forms import ExportForm
from ..deploy.ncnn import write_ncnn
from ..deploy.packages import import_package
from .models import build_model, get_input_size, load_config
from .settings import Group, Settings

CALIBRATION_IMAGES = 8


def export_once(config: Path, group: Group, settings: Settings, folder: Path) -> Path:
    """Export a model to a folder, once for all that run it in that form.

    The batch size is fixed, which every model can be exported for; ncnn's files take one
    image at a time. For int8 the scales are found on random images: the time does not
    depend on them.
    """
    if group.runtime == 'ncnn':
        return _export_ncnn(config, group, settings, folder)
    form = group.precision
    if form == 'int8':
        form = f'{form}-{group.runtime}'
    file = folder / f'{config.stem}-b{group.batch_size}-{form}.onnx'
    if file.exists():
        return file
    if group.precision == 'int8':
        fp32 = replace(group, precision='fp32')
        source = export_once(config, fp32, settings, folder)
        return _quantize(source, file, group.runtime)
    config = load_config(config, settings.input_size)
    return export_model(
        build_model(config),
        file,
        input_size=get_input_size(config),
        batch=group.batch_size,
        precision=group.precision,
    )


def _export_ncnn(config: Path, group: Group, settings: Settings, folder: Path) -> Path:
    file = folder / f'{config.stem}-{group.precision}.param'
    if file.exists():
        return file
    config = load_config(config, settings.input_size)
    form = ExportForm(build_model(config), get_input_size(config))
    return write_ncnn(form, file, group.precision)


def _quantize(source: Path, file: Path, runtime: str) -> Path:
    graph = import_package('onnx').load(source)
    shape = [side.dim_value for side in graph.graph.input[0].type.tensor_type.shape.dim]
    random = np.random.default_rng(0)
    images = random.standard_normal((CALIBRATION_IMAGES, *shape[1:]), np.float32)
    return save_graph(quantize(graph, images, runtime=runtime), file)
