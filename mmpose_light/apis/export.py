"""A trained model to one checked ONNX file."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from mmengine.dataset import Compose
from mmpose.datasets.transforms import GetBBoxCenterScale, TopdownAffine

from ..deploy import quantize
from ..deploy.choices import OUTPUTS, check_choice, check_form
from ..deploy.export import make_graph, save_graph
from ..deploy.forms import (
    SPLIT_RATIO,
    ExportForm,
    build_export_form,
    check_topdown,
    normalization,
    run_torch,
)
from ..deploy.metadata import Metadata, describe_dataset
from ..deploy.runtime import make_input, run_batches
from ..deploy.runtimes import check_runtime, open_runtime
from ..deploy.verify import TOLERANCES, Difference, compare
from ..utils.errors import UserError
from ..utils.files import check_absent
from ..utils.timing import measure_latency
from .models import find_model, load_model
from .person_crops import crop_people, crop_synthetic_people

#: What a test pipeline may consist of: all that an exported file's metadata can tell.
TRANSFORMS = ('LoadImage', 'GetBBoxCenterScale', 'TopdownAffine', 'PackPoseInputs')
CHECKED_PEOPLE = 4
CALIBRATION_PEOPLE = 128


@dataclass(frozen=True)
class Export:
    """What came of an export.

    Attributes:
        file (Path): The file.
        metadata (Metadata): What the file says about itself.
        differences (list[Difference]): How far each output lies from PyTorch's.
        people (int): Over how many people.
        latency (float): Time of one run in ONNX Runtime in milliseconds, median.
        batch (int): With so many people.
    """

    file: Path
    metadata: Metadata
    differences: list[Difference]
    people: int
    latency: float
    batch: int


def export_onnx(
    model: str | Path,
    out: str | Path,
    weights: str | Path | None = None,
    *,
    overwrite: bool = False,
    output: str | None = None,
    channels: str = 'rgb',
    batch: int | None = None,
    preprocess: bool = False,
    precision: str = 'fp32',
    simplify: bool = True,
    opset: int = 17,
    images: str | Path | Sequence[str | Path] | None = None,
    calibration_images: str | Path | Sequence[str | Path] | None = None,
    calibration_ann_file: str | Path | None = None,
    calibration_people: int = CALIBRATION_PEOPLE,
    int8_runtime: str = 'openvino',
    float_ends: bool = True,
    float_nodes: Sequence[str] = (),
    tolerance: float | None = None,
    threads: int | None = None,
) -> Export:
    """Export a model, check the file against PyTorch, and tell how to run it.

    The file gets its name only when it has passed the check, in ONNX Runtime on real
    inputs. It carries :class:`~mmpose_light.deploy.metadata.Metadata`, so
    :class:`~mmpose_light.deploy.ExportedModel` and ``mmpose-light infer`` run it
    without the config and the checkpoint.

    Args:
        model (str | Path): A top-down model, in any of the ways that
            :mod:`mmpose_light.apis.models` tells.
        out (str | Path): The file to write.
        weights (str | Path, optional): The weights that belong to it. Defaults to
            ``None``, a trained model's own, else random ones, with a warning
        overwrite (bool): Whether a file that is there is replaced. Defaults to
            ``False``
        output (str, optional): 'heatmap' or 'simcc', the vectors that RTMPose gives and
            rtmlib takes (:func:`~mmpose_light.deploy.export_model`). Defaults to
            ``None``, what the model's head gives
        channels (str): The order of the input's channels: 'rgb', or 'bgr' for what
            rtmlib hands over. Defaults to ``'rgb'``
        batch (int, optional): Number of people in the input. Defaults to ``None``, any
            number
        preprocess (bool): Whether the input is raw pixels, uint8, (N, H, W, 3), which
            the graph normalizes. Defaults to ``False``
        precision (str): 'fp32', 'fp16' or 'int8'. Defaults to ``'fp32'``
        simplify (bool): Whether onnxslim tidies up the graph. Defaults to ``True``
        opset (int): Version of ONNX's operators, 13 to 17. Defaults to 17
        images (str | Path | Sequence, optional): Images of one person each to check
            the file on. Defaults to ``None``, the first of those for calibration, or
            drawn people
        calibration_images (str | Path | Sequence, optional): Images of people as the
            model will meet them, for 'int8'. Defaults to ``None``
        calibration_ann_file (str | Path, optional): COCO annotations with the boxes of
            the people on them. Defaults to ``None``, each is one person
        calibration_people (int): The most people to calibrate on. Defaults to 128
        int8_runtime (str): The runtime that 'int8' is to be fast in, 'openvino' or
            'onnxruntime'. Defaults to ``'openvino'``
        float_ends (bool): Whether 'int8' leaves the first and the last convolution in
            float32. Defaults to ``True``
        float_nodes (Sequence[str]): Patterns of the names of further nodes that 'int8'
            leaves in float32. Defaults to ``()``
        tolerance (float, optional): Largest difference from PyTorch, relative to the
            range of the outputs. Defaults to ``None``, that of
            :data:`~mmpose_light.deploy.verify.TOLERANCES`
        threads (int, optional): Threads of ONNX Runtime in the check. Defaults to
            ``None``, what it takes for the best

    Returns:
        Export: The file and what the check found.

    Raises:
        UserError: If an argument or a file is not what it should be, the model cannot
            be exported so, or the file gives something else than PyTorch; the message
            says what would do. A package of ``pip install mmpose-light[deploy]`` that
            is missing is a :class:`MissingPackageError`.

    Example:
        >>> from mmpose_light.apis.export import export_onnx
        >>> export_onnx('config.py', 'a.onnx', 'best.pth').latency  # doctest: +SKIP
        21.4
    """
    out = Path(out)
    _check_file(out, overwrite)
    check_form(output=output or 'heatmap', channels=channels, batch=batch, opset=opset)
    check_choice('precision', precision, TOLERANCES)
    check_runtime('onnxruntime', threads)
    _check_calibration(precision, calibration_images, calibration_ann_file)

    source = find_model(model, weights)
    network = load_model(source.config, source.weights, 'cpu')
    check_topdown(network)
    _, affine = _find_transforms(network.cfg)
    form = build_export_form(
        network,
        input_size=tuple(map(int, affine.input_size)),
        output=output,
        channels=channels,
        preprocess=preprocess,
    )
    if output not in (None, form.output):
        raise UserError(
            f'the head {type(network.head).__name__} gives SimCC vectors and no '
            "heatmaps: export with output='simcc'"
        )
    metadata = describe_form(form, name=source.config.stem, precision=precision)

    crops, calibration = _cut_people(
        network.cfg,
        images,
        calibration_images,
        calibration_ann_file,
        calibration_people,
    )
    graph = make_graph(
        form,
        batch=batch,
        precision='fp16' if precision == 'fp16' else 'fp32',
        simplify=simplify,
        opset=opset,
    )
    if calibration is not None:
        graph = quantize(
            graph,
            make_input(calibration, metadata),
            runtime=int8_runtime,
            float_ends=float_ends,
            float_nodes=float_nodes,
        )
    metadata.write(graph)

    inputs = make_input(crops, metadata)
    opened = open_runtime(graph.SerializeToString(), threads=threads)
    found = run_batches(opened, inputs, batch)
    differences = compare(OUTPUTS[form.output], found, run_torch(form, inputs))
    check_differences(differences, precision, tolerance)
    several = np.repeat(inputs[:1], batch or 1, axis=0)
    latency = measure_latency(lambda: opened.run(several))
    save_graph(graph, out)
    return Export(out, metadata, differences, len(crops), latency, batch or 1)


def _check_file(out: Path, overwrite: bool) -> None:
    """Complain about a file that cannot be written, before there is work lost."""
    if out.suffix != '.onnx':
        raise UserError(f'out {out} is to be a file whose name ends in .onnx')
    check_absent(out, overwrite)


def _check_calibration(precision: str, images: Any, ann_file: Any) -> None:
    """Complain about images to calibrate on that are missing, or one too many."""
    if (precision == 'int8') != (images is not None):
        raise UserError(
            "precision 'int8' needs calibration_images, images of people as the "
            f'model will meet them, and only it takes them: precision is {precision!r}, '
            f'calibration_images is {images!r}'
        )
    if ann_file is not None and images is None:
        raise UserError(
            'calibration_ann_file without calibration_images: give the folder of its '
            'images too'
        )


def _cut_people(
    config: Any,
    images: Any,
    calibration_images: Any,
    calibration_ann_file: Any,
    calibration_people: int,
) -> tuple[np.ndarray, np.ndarray | None]:
    """Return crops of people to check the file on, and those to calibrate on if any."""
    calibration = None
    if calibration_images is not None:
        calibration = crop_people(
            config, calibration_images, calibration_ann_file, calibration_people
        )
    if images is not None:
        return crop_people(config, images, count=CHECKED_PEOPLE), calibration
    if calibration is not None:
        return calibration[:CHECKED_PEOPLE], calibration
    return crop_synthetic_people(config), None


def describe_form(form: ExportForm, *, name: str, precision: str = 'fp32') -> Metadata:
    """Gather what an exported file is to say about itself.

    Args:
        form (ExportForm): The form of a model that MMPose's ``init_model`` returned.
        name (str): The name of its config.
        precision (str): 'fp32', 'fp16' or 'int8'. Defaults to ``'fp32'``

    Returns:
        Metadata: The description.

    Raises:
        UserError: If its test pipeline or its keypoints are such as no metadata can
            tell.
    """
    config = form.model.cfg
    boxing, affine = _find_transforms(config)
    dataset = describe_dataset(form.model.dataset_meta)
    if form.keypoints != len(dataset['keypoint_names']):
        raise UserError(
            f'the head gives {form.keypoints} keypoints, and the data set '
            f'{dataset["dataset"]} has {len(dataset["keypoint_names"])}'
        )
    codec = config.model.head.decoder.to_dict()
    if form.output != form.native:
        codec = dict(
            type='SimCCLabel',
            input_size=list(form.input_size),
            simcc_split_ratio=SPLIT_RATIO,
        )
    mean, std = normalization(form.model)
    return Metadata(
        model=name,
        input_size=form.input_size,
        channels=form.channels,
        preprocess=form.preprocess,
        mean=mean,
        std=std,
        output=form.output,
        codec=codec,
        box_padding=float(boxing.padding),
        use_udp=bool(affine.use_udp),
        precision=precision,
        **dataset,
    )


def check_differences(
    differences: Sequence[Difference], precision: str, tolerance: float | None = None
) -> None:
    """Complain about a file that gives something else than PyTorch.

    Args:
        differences (Sequence[Difference]): What :func:`compare` found.
        precision (str): The precision of the file.
        tolerance (float, optional): The largest relative difference. Defaults to
            ``None``, that of the precision

    Raises:
        UserError: If a difference is larger.
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


def _find_transforms(config: Any) -> tuple[GetBBoxCenterScale, TopdownAffine]:
    """Return the transforms that cut people out when a model is tested."""
    found = {
        type(transform).__name__: transform
        for transform in Compose(config.test_dataloader.dataset.pipeline).transforms
    }
    if set(found) != set(TRANSFORMS):
        raise UserError(
            f'the test pipeline consists of {list(found)}, and an exported file can '
            f'only tell about {list(TRANSFORMS)}'
        )
    return found['GetBBoxCenterScale'], found['TopdownAffine']
