"""A model's heatmaps of one person, over the image.

Paper: `MEMe <https://doi.org/10.3390/s22020632>`_, Figure 9: a row for each keypoint,
a column for each scale before the head joins them (the paper's H_2*, H_3*, H_4* …,
upsampled as the head upsamples them) and one for the joined heatmap H_2. Here they lie
over the image, and the keypoint decoded from H_2 is marked. A second file is the
figure's S_0 + H_0, all keypoints' H_2 over the image. It is one forward pass, without
flip test.
"""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from matplotlib.image import imsave
from mmengine.dataset import Compose, pseudo_collate
from mmpose.datasets.transforms import TopdownAffine
from mmpose.models.heads import HeatmapHead
from mmpose.models.pose_estimators import TopdownPoseEstimator
from torch import Tensor, nn

from ..apis.models import find_model, load_model
from ..apis.outputs import NOT_FINITE
from ..datasets.transforms.loading import find_color_type
from ..deploy.cropping import fit_channels
from ..utils.errors import MissingFileError, UserError
from ..utils.files import check_absent, whole_file
from ..utils.image_reading import read_image
from .heatmap_overlay import overlay_heatmaps
from .heatmaps import Heatmaps, draw_heatmaps

OUT_DIR = 'work_dirs/heatmaps'
NUM_KEYPOINTS = 6  # shown by default, spread over the data set's list
DPI = 150
HEIGHT = 1024  # pixels, about, of the person's image under the heatmaps


class HeatmapFiles(NamedTuple):
    """The files of one image."""

    scales: Path  # keypoint by keypoint, scale by scale: ``<image>.png``
    overlay: Path  # all keypoints at once: ``<image>_all.png``


def visualize_heatmaps(
    model: str | Path,
    images: Sequence[str | Path],
    weights: str | Path | None = None,
    out_dir: str | Path = OUT_DIR,
    *,
    bbox: Sequence[float] | None = None,
    keypoints: Sequence[str | int] | None = None,
    device: str = 'auto',
    overwrite: bool = False,
) -> list[HeatmapFiles]:
    """Draw the heatmaps of a person in each image, at every scale and joined.

    Args:
        model (str | Path): A top-down model with a heatmap head, in any of the ways
            of :mod:`mmpose_light.apis.models`.
        images (Sequence[str | Path]): The image files.
        weights (str | Path, optional): A file of weights. Defaults to ``None``: a
            trained model's own, or random ones, with a warning
        out_dir (str | Path): The folder of the PNG files.
        bbox (Sequence[float], optional): The person's box in pixels of the one image:
            left, top, right, bottom. Defaults to ``None``, the whole image
        keypoints (Sequence[str | int], optional): As of :func:`choose_keypoints`.
        device (str): 'cpu', 'cuda', 'cuda:1' …, or 'auto': a GPU where there is one.
        overwrite (bool): Whether files that are there may be replaced.

    Returns:
        list[HeatmapFiles]: The files of each image.

    Raises:
        MissingFileError: If model, weights or an image does not exist.
        UserError: If an argument or a file is not what it should be; the message says
            what would do.
    """
    found = find_model(model, weights)
    images = [Path(image) for image in images]
    if bbox is not None and len(images) > 1:
        raise UserError(f'one bbox for {len(images)} images: give one image with it')
    files = name_files(images, Path(out_dir), overwrite)
    network = load_model(found.config, found.weights, device)
    origin = 'random weights' if found.weights is None else Path(found.weights).name
    for image, file in zip(images, files, strict=True):
        heatmaps = compute_heatmaps(network, *_read(image, bbox))
        if not heatmaps.joined.isfinite().all():
            raise UserError(f'image {image}: {NOT_FINITE}')
        shown = choose_keypoints(keypoints, heatmaps.names)
        _write(heatmaps, shown, f'{image.name}\n{found.name}\n{origin}', file)
    return files


def _write(
    heatmaps: Heatmaps, keypoints: Sequence[int], title: str, files: HeatmapFiles
) -> None:
    """Draw both files of an image."""
    figure = draw_heatmaps(heatmaps, keypoints, title)
    overlay = overlay_heatmaps(
        heatmaps.image,
        heatmaps.joined.numpy(),
        heatmaps.scale_factor * heatmaps.enlargement,
    )
    with whole_file(files.scales) as part:
        figure.savefig(part, format='png', dpi=DPI)
    with whole_file(files.overlay) as part:
        imsave(part, overlay, format='png')


def name_files(
    images: Sequence[Path], out_dir: Path, overwrite: bool = False
) -> list[HeatmapFiles]:
    """Name the files of some images, and make sure that nothing is lost.

    Raises:
        MissingFileError: If an image does not exist.
        UserError: If a file is there already, two images would have the same, or a file
            would replace an image.
    """
    for image in images:
        if not image.is_file():
            raise MissingFileError(f'image {image} does not exist: give an image file')
    files = [
        HeatmapFiles(out_dir / f'{image.stem}.png', out_dir / f'{image.stem}_all.png')
        for image in images
    ]
    written = Counter(path for both in files for path in both)
    for path, count in written.items():
        if count > 1:
            raise UserError(
                f'{count} of the images would be drawn to {path}: draw images of the '
                'same name one by one, each with another --out-dir'
            )
        if any(path.exists() and path.samefile(image) for image in images):
            raise UserError(f'{path} is an image to draw: give another --out-dir')
        check_absent(path, overwrite)
    return files


def _read(
    image: Path, bbox: Sequence[float] | None
) -> tuple[np.ndarray, Sequence[float]]:
    """Read an image, and complain about a box that has no part in it."""
    pixels = read_image(image)
    height, width = pixels.shape[:2]
    if bbox is None:
        return pixels, (0, 0, width, height)
    if len(bbox) == 4 and np.isfinite(bbox).all():
        left, top, right, bottom = bbox
        if max(left, 0) < min(right, width) and max(top, 0) < min(bottom, height):
            return pixels, bbox
    raise UserError(
        f'bbox {list(bbox)} is no box in the image of {width}×{height} pixels: give '
        'left, top, right and bottom of a box that lies in it, at least in part'
    )


def compute_heatmaps(
    model: nn.Module, image: np.ndarray, bbox: Sequence[float]
) -> Heatmaps:
    """Run a model on one person and keep what its head makes on the way.

    Args:
        model (nn.Module): What MMPose's ``init_model`` returned. A head with
            ``forward_scales``, as :class:`FSHead` has it, has its scales kept.
        image (np.ndarray): The image, BGR or gray, uint8.
        bbox (Sequence[float]): The person's box: left, top, right, bottom.

    Raises:
        UserError: If the model is not top-down, or its head gives something other than
            a heatmap for each keypoint.
    """
    head = getattr(model, 'head', None)
    if not (isinstance(model, TopdownPoseEstimator) and isinstance(head, HeatmapHead)):
        raise UserError(
            f'the model is a {type(model).__name__} with head {type(head).__name__}: '
            'only top-down models with a HeatmapHead, FSHead or FAHead can be shown'
        )
    pipeline = Compose(model.cfg.test_dataloader.dataset.pipeline)
    info = dict(
        model.dataset_meta,
        img=fit_channels(image, find_color_type(pipeline)),
        img_path='',
        bbox=np.array([bbox], np.float32),
        bbox_score=np.ones(1, np.float32),
    )
    person = pipeline(dict(info))
    scales, joined = _forward(model, person)
    id2name = model.dataset_meta['keypoint_id2name']
    names = [id2name[index] for index in range(len(id2name))]
    if joined.dim() != 4 or joined.shape[1] != len(names):
        raise UserError(
            f'the head gives an output of shape {tuple(joined.shape)} for '
            f'{len(names)} keypoints: only codecs with a heatmap for each keypoint '
            'can be shown'
        )
    (decoded,) = head.decode(joined)
    crop = _to_image(person['inputs'])
    enlargement = _enlarge(pipeline, max(1, round(HEIGHT / crop.shape[0])))
    return Heatmaps(
        crop=crop,
        image=_to_image(pipeline(info)['inputs']),
        enlargement=enlargement,
        scales=[maps[0].cpu() for maps in scales],
        joined=joined[0].cpu(),
        keypoints=decoded.keypoints[0],
        scores=decoded.keypoint_scores[0],
        names=names,
        scale_factor=head.decoder.scale_factor,
    )


@torch.no_grad()
def _forward(model: nn.Module, person: dict) -> tuple[list[Tensor], Tensor]:
    """Return the heatmaps of each scale, where there are several, and the joined."""
    batch = model.data_preprocessor(pseudo_collate([person]), training=False)
    feats = model.extract_feat(batch['inputs'])
    several = hasattr(model.head, 'forward_scales')
    return model.head.forward_scales(feats) if several else [], model.head(feats)


def _to_image(inputs: Tensor) -> np.ndarray:
    """Return a network's input as an image, RGB, also if it is gray."""
    height, width = inputs.shape[1:]
    return inputs.byte().expand(3, height, width).numpy()[::-1].transpose(1, 2, 0)


def _enlarge(pipeline: Compose, times: int) -> np.ndarray:
    """Let a pipeline cut out persons at a size some times the network's.

    Returns the pixels for one pixel of before, x and y.
    """
    enlargement = np.ones(2)
    for transform in pipeline.transforms:
        if isinstance(transform, TopdownAffine):
            before = np.array(transform.input_size)
            transform.input_size = tuple(times * before)
            # UDP lets the middles of the outermost pixels stay where they are
            udp = int(transform.use_udp)
            enlargement = (times * before - udp) / (before - udp)
    return enlargement


def choose_keypoints(
    wanted: Sequence[str | int] | None, names: Sequence[str]
) -> list[int]:
    """Find the indices of keypoints, each once.

    ``wanted`` are names or indices, an index as a string too; 'all' for all, ``None``
    for six spread over the list.

    Raises:
        UserError: If a keypoint is unknown, or none is wanted.
    """
    if wanted is None:
        spread = np.linspace(0, len(names) - 1, NUM_KEYPOINTS).round()
        return [int(index) for index in np.unique(spread)]
    if isinstance(wanted, str):
        wanted = [wanted]
    known = {str(index): index for index in range(len(names))}
    known.update((name, index) for index, name in enumerate(names))
    unknown = [item for item in wanted if str(item) not in {*known, 'all'}]
    if unknown or not wanted:
        problem = f'keypoint {unknown[0]!r} is unknown' if unknown else 'no keypoint'
        listed = ', '.join(f'{index} {name}' for index, name in enumerate(names))
        raise UserError(f"{problem}: give some of {listed}, or 'all'")
    if 'all' in wanted:
        return list(range(len(names)))
    return list(dict.fromkeys(known[str(item)] for item in wanted))
