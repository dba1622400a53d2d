"""A trained model to a checked file: ONNX, OpenVINO or ncnn."""

import shutil
import tempfile
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from mmpose.utils.typing import ConfigType
from torch import nn

from ..deploy import quantize
from ..deploy.choices import FORMATS, OUTPUTS
from ..deploy.export import make_graph, save_graph, save_openvino
from ..deploy.forms import ExportForm, in_double, run_torch
from ..deploy.metadata import Metadata
from ..deploy.ncnn import write_ncnn
from ..deploy.runtime import make_input, run_batches
from ..deploy.runtimes import check_runtime, open_runtime
from ..deploy.verify import TOLERANCES, Difference, as_exact, compare
from ..utils.errors import UserError
from ..utils.files import check_absent, whole_file
from ..utils.threads import keep_torch_threads, set_torch_threads
from ..utils.timing import measure_latency
from .export_settings import ExportSettings
from .forms import describe_form, make_form
from .models import find_model, load_model
from .person_crops import crop_people, crop_synthetic_people

CHECKED_PEOPLE = 4


@dataclass(frozen=True)
class Export:
    """What came of an export."""

    file: Path
    files: list[Path]  # it and what lies beside it
    metadata: Metadata  # what the file says about itself
    differences: list[Difference]  # how far each output lies from PyTorch's
    people: int  # over how many people
    runtime: str  # the key of the runtime that it was checked in
    latency: float  # time of one run there in milliseconds, median
    batch: int  # with so many people


def export(
    model: str | Path,
    out: str | Path,
    weights: str | Path | None = None,
    *,
    overwrite: bool = False,
    **settings: Any,
) -> Export:
    """Export a model, check the file against PyTorch, and tell how to run it.

    The file gets its name only when it has passed the check, in the usual runtime of
    its format on real inputs. It carries
    :class:`~mmpose_light.deploy.metadata.Metadata`, or has them beside it, so
    :class:`~mmpose_light.deploy.ExportedModel` and ``mmpose-light infer`` run it
    without the config and the checkpoint.

    Args:
        model (str | Path): A top-down model, in any of the ways that
            :mod:`mmpose_light.apis.models` tells.
        out (str | Path): The file to write: ``.onnx``, ``.xml`` for OpenVINO or
            ``.param`` for ncnn; both of these have a ``.bin`` of weights and a
            ``.json`` of metadata beside them.
        weights (str | Path, optional): The weights that belong to it. Defaults to
            ``None``, a trained model's own, else random ones, with a warning
        overwrite (bool): Whether a file that is there is replaced. Defaults to
            ``False``
        **settings (Any): Fields of
            :class:`~mmpose_light.apis.export_settings.ExportSettings`: ``format``,
            ``output``, ``channels``, ``batch``, ``precision`` …

    Returns:
        Export: The files and what the check found.

    Raises:
        UserError: If an argument or a file is not what it should be, the model cannot
            be exported so, or the file gives something else than PyTorch; the message
            says what would do. A package of ``pip install mmpose-light[deploy]`` or
            ``[ncnn]`` that is missing is a :class:`MissingPackageError`.

    Example:
        >>> from mmpose_light.apis import export
        >>> export('config.py', 'a.onnx', 'best.pth').latency  # doctest: +SKIP
        21.4
    """
    out = Path(out)
    settings = ExportSettings(**settings).for_file(out)
    kind = FORMATS[settings.format]
    files = kind.files(out)
    for file in files:  # of another file's weights nothing is replaced
        check_absent(file, overwrite and (file == out or out.exists()))
    runtime = kind.runtimes[0]
    check_runtime(runtime, settings.threads)

    source = find_model(model, weights)
    folder = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
    with keep_torch_threads(), folder:
        set_torch_threads(1)  # for so few images several only wait
        form = _build_form(load_model(source.config, source.weights, 'cpu'), settings)
        metadata = describe_form(
            form,
            model=source.config.stem,
            precision=settings.precision,
            keypoint_threshold=source.keypoint_threshold,
        )
        crops, calibration = _cut_people(form.model.cfg, settings)
        inputs = make_input(crops, metadata)
        made = Path(folder.name, out.name)
        _write(form, settings, calibration, metadata, made)
        opened = open_runtime(made, runtime, settings.threads)
        found = run_batches(opened, inputs, settings.batch)
        differences = _check_outputs(form, inputs, found, settings)
        batch = settings.batch or 1
        several = np.repeat(inputs[:1], batch, axis=0)
        latency = measure_latency(lambda: opened.run(several))
        for file in files:
            with whole_file(file) as part:
                shutil.copyfile(made.with_suffix(file.suffix), part)
    return Export(
        out, files, metadata, differences, len(crops), runtime, latency, batch
    )


#: Its name when ONNX was the only format.
export_onnx = export


def _build_form(network: nn.Module, settings: ExportSettings) -> ExportForm:
    form = make_form(
        network,
        output=settings.output,
        channels=settings.channels,
        preprocess=settings.preprocess,
    )
    if settings.output not in (None, form.output):
        raise UserError(
            f'the head {type(network.head).__name__} gives SimCC vectors and no '
            "heatmaps: export with output='simcc'"
        )
    return form


def _cut_people(
    config: ConfigType, settings: ExportSettings
) -> tuple[np.ndarray, np.ndarray | None]:
    """Return crops of people to check the file on, and those to calibrate on if any."""
    calibration = None
    if settings.calibration_images is not None:
        calibration = crop_people(
            config,
            settings.calibration_images,
            settings.calibration_ann_file,
            settings.calibration_people,
        )
    if settings.images is not None:
        return crop_people(config, settings.images, count=CHECKED_PEOPLE), calibration
    if calibration is not None:
        return calibration[:CHECKED_PEOPLE], calibration
    return crop_synthetic_people(config), None


def _write(
    form: ExportForm,
    settings: ExportSettings,
    calibration: np.ndarray | None,
    metadata: Metadata,
    file: Path,
) -> None:
    """Write a file and what lies beside it."""
    if settings.format == 'ncnn':
        write_ncnn(form, file, settings.precision)
        metadata.write_beside(file)
        return
    half = settings.precision == 'fp16' and settings.format == 'onnx'
    graph = make_graph(
        form,
        runtime=FORMATS[settings.format].runtimes[0],
        batch=settings.batch,
        precision='fp16' if half else 'fp32',
        simplify=settings.simplify,
        opset=settings.opset,
    )
    if calibration is not None:
        graph = quantize(
            graph,
            make_input(calibration, metadata),
            runtime=settings.int8_runtime,
            float_ends=settings.float_ends,
            float_nodes=settings.float_nodes,
        )
    if settings.format == 'openvino':
        save_openvino(graph, file, settings.precision)
        metadata.write_beside(file)
    else:
        metadata.write(graph)
        save_graph(graph, file)


def _check_outputs(
    form: ExportForm,
    inputs: np.ndarray,
    found: list[np.ndarray],
    settings: ExportSettings,
) -> list[Difference]:
    """Compare a file's outputs with the network's, whose own rounding excuses it."""
    names, expected = OUTPUTS[form.output], run_torch(form, inputs)
    differences = compare(names, found, expected)
    try:
        check_differences(differences, settings.precision, settings.tolerance)
    except UserError:
        if settings.precision != 'fp32' or settings.tolerance is not None:
            raise
        exact = run_torch(in_double(form), inputs)
        if not as_exact(names, found, expected, exact):
            raise
        worst = max(compare(names, expected, exact), key=lambda item: item.relative)
        warnings.warn(
            f'the network is not stable yet: by rounding alone its output {worst.name} '
            f'is {worst.relative:.2%} of its range off, and the file is no worse. '
            'Train it further before you use it',
            RuntimeWarning,
            stacklevel=3,
        )
    return differences


def check_differences(
    differences: Sequence[Difference], precision: str, tolerance: float | None = None
) -> None:
    """Complain about a file that gives something else than PyTorch.

    ``tolerance`` is the largest relative difference; ``None`` for that of the precision.
    """
    limit = TOLERANCES[precision] if tolerance is None else tolerance
    worst = max(differences, key=lambda difference: difference.relative)
    if worst.relative > limit:
        raise UserError(
            f'the exported file gives something else than PyTorch: output {worst.name} '
            f'differs by {worst.largest:.3g}, {worst.relative:.2%} of its range, where '
            f'{limit:.2%} is allowed for {precision}; no file was written. Where that '
            'is known and wanted, allow more with tolerance (`--tolerance`)'
        )
