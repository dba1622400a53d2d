"""A model's heatmaps over a photograph: ``mmpose-light visualize-heatmaps``.

Paper: `MEMe <https://doi.org/10.3390/s22020632>`_, Figure 9: a row for each keypoint,
a column for each scale before the head joins them (H_2*, H_3*, H_4* …, upsampled as
the head upsamples them) and one for the joined heatmap H_2. Here they lie over the
photograph, and the keypoint decoded from H_2 is marked. A second picture is the
figure's S_0 + H_0, all keypoints' H_2 over the photograph. It is one forward pass,
without flip test.
"""

import argparse
import os
import sys
import warnings
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from matplotlib.image import imsave
from mmengine.dataset import Compose, pseudo_collate
from mmpose.datasets.transforms import TopdownAffine
from mmpose.models.heads import HeatmapHead
from mmpose.models.pose_estimators import TopdownPoseEstimator
from PIL import Image
from torch import Tensor, nn

from ..apis.models import load_model
from ..apis.trained_models import describe_trained_models, find_model, is_trained_model
from ..deploy.image_reading import read_image
from ..utils.files import whole_file
from .heatmap_overlay import overlay_heatmaps
from .heatmaps import Heatmaps, draw_heatmaps

OUT_DIR = 'work_dirs/heatmaps'
SOFTWARE = 'mmpose-light visualize-heatmaps'
NUM_KEYPOINTS = 6  # shown by default, spread over the data set's list
DPI = 120
HEIGHT = 1024  # pixels, about, of the picture of all keypoints


def visualize_heatmaps(
    config: str | Path,
    checkpoint: str | Path | None,
    image: str | Path,
    out: str | Path | None = None,
    *,
    bbox: Sequence[float] | None = None,
    keypoints: Sequence[str | int] | None = None,
    device: str = 'auto',
) -> Path:
    """Draw the heatmaps of one person, at every scale and joined, to PNG files.

    One has a row for each of some keypoints, a column for each scale. The other, beside
    it and with ``_all`` in its name, has the joined heatmaps of all keypoints over the
    photograph.

    Args:
        config (str | Path): Config file of a top-down model with a heatmap head, or
            the name of a trained model of this package.
        checkpoint (str | Path, optional): The weights that belong to it; ``None`` for
            random ones, with a warning. With a name, ``None``.
        image (str | Path): The picture.
        out (str | Path, optional): The first file to write; pictures of the same model
            and image are replaced. Defaults to ``None``, 'work_dirs/heatmaps/<image>.png'
        bbox (Sequence[float], optional): The person's box in pixels: left, top, right,
            bottom. Defaults to ``None``, the whole image
        keypoints (Sequence[str | int], optional): Names or indices of the keypoints to
            show; 'all' for all. Defaults to ``None``, six spread over the data set's
            list
        device (str): 'cpu', 'cuda', 'cuda:1' …, or 'auto': a GPU where there is one.
            Defaults to ``'auto'``

    Returns:
        Path: The first file; :func:`name_overlay` names the other.

    Raises:
        FileNotFoundError: If config, checkpoint or image does not exist.
        ValueError: If an argument or a file is not what it should be; the message says
            what would do.

    Example:
        >>> from mmpose_light.visualization.heatmap_pictures import visualize_heatmaps
        >>> visualize_heatmaps('config.py', 'best.pth', 'a.jpg')  # doctest: +SKIP
        PosixPath('work_dirs/heatmaps/a.png')
    """
    config, checkpoint = find_model(config, checkpoint)
    image = Path(image)
    if not image.is_file():
        raise FileNotFoundError(f'image {image} does not exist')
    try:
        picture = read_image(str(image))
    except ValueError as error:
        raise ValueError(f'image {image} cannot be read: {error}') from error
    bbox = _check_bbox(bbox, picture)
    out = Path(OUT_DIR, f'{image.stem}.png') if out is None else Path(out)
    sources = (os.path.realpath(path) for path in (config, checkpoint or '', image))
    metadata = {'Software': SOFTWARE, 'Source': '\n'.join(sources)}
    for path in (out, name_overlay(out)):
        _check_out(path, metadata)

    model = load_model(config, checkpoint, device)
    heatmaps = compute_heatmaps(model, picture, bbox)
    shown = choose_keypoints(keypoints, heatmaps.names)
    weights = 'random weights' if checkpoint is None else Path(checkpoint).name
    figure = draw_heatmaps(heatmaps, shown, f'{image.name}\n{config.stem}\n{weights}')
    overlay = overlay_heatmaps(
        heatmaps.photograph,
        heatmaps.joined.numpy(),
        heatmaps.scale_factor * heatmaps.enlargement,
    )
    with whole_file(out) as part:
        figure.savefig(part, format='png', dpi=DPI, metadata=metadata)
    with whole_file(name_overlay(out)) as part:
        imsave(part, overlay, format='png', metadata=metadata)
    return out


def name_overlay(out: Path) -> Path:
    """Name the picture of all keypoints that lies beside that of the scales.

    Args:
        out (Path): The picture of the scales.

    Returns:
        Path: The file.

    Example:
        >>> name_overlay(Path('heatmaps/a.png')).name
        'a_all.png'
    """
    return out.with_name(f'{out.stem}_all{out.suffix}')


def compute_heatmaps(
    model: nn.Module, image: np.ndarray, bbox: Sequence[float]
) -> Heatmaps:
    """Run a model on one person and keep what its head makes on the way.

    Args:
        model (nn.Module): What MMPose's ``init_model`` returned. A head with
            ``forward_scales``, as :class:`FSHead` has it, has its scales kept.
        image (np.ndarray): The picture, BGR, uint8.
        bbox (Sequence[float]): The person's box: left, top, right, bottom.

    Returns:
        Heatmaps: The heatmaps, in the model's input.

    Raises:
        ValueError: If the model is not top-down, or its head gives something other than
            a heatmap for each keypoint.
    """
    head = getattr(model, 'head', None)
    if not (isinstance(model, TopdownPoseEstimator) and isinstance(head, HeatmapHead)):
        raise ValueError(
            f'the model is a {type(model).__name__} with head {type(head).__name__}: '
            'only top-down models with a HeatmapHead, FSHead or FAHead can be shown'
        )
    pipeline = Compose(model.cfg.test_dataloader.dataset.pipeline)
    info = dict(
        model.dataset_meta,
        img=image,
        img_path='',
        bbox=np.array([bbox], np.float32),
        bbox_score=np.ones(1, np.float32),
    )
    person = pipeline(dict(info))
    with torch.no_grad():
        batch = model.data_preprocessor(pseudo_collate([person]), training=False)
        feats = model.extract_feat(batch['inputs'])
        several = hasattr(head, 'forward_scales')
        scales = head.forward_scales(feats) if several else []
        joined = head(feats)
    id2name = model.dataset_meta['keypoint_id2name']
    names = [id2name[index] for index in range(len(id2name))]
    if joined.dim() != 4 or joined.shape[1] != len(names):
        raise ValueError(
            f'the head gives an output of shape {tuple(joined.shape)} for '
            f'{len(names)} keypoints: only codecs with a heatmap for each keypoint '
            'can be shown'
        )
    (decoded,) = head.decode(joined)
    crop = _to_picture(person['inputs'])
    enlargement = _enlarge(pipeline, max(1, round(HEIGHT / crop.shape[0])))
    return Heatmaps(
        crop=crop,
        photograph=_to_picture(pipeline(info)['inputs']),
        enlargement=enlargement,
        scales=[maps[0].cpu() for maps in scales],
        joined=joined[0].cpu(),
        keypoints=decoded.keypoints[0],
        scores=decoded.keypoint_scores[0],
        names=names,
        scale_factor=head.decoder.scale_factor,
        head=type(head).__name__,
    )


def _to_picture(inputs: Tensor) -> np.ndarray:
    return inputs.byte().numpy()[::-1].transpose(1, 2, 0)


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
    """Find the indices of keypoints.

    Args:
        wanted (Sequence[str | int], optional): Names or indices, an index as a string
            too; 'all' for all. None for six spread over the list.
        names (Sequence[str]): The names of all keypoints.

    Returns:
        list[int]: Indices, each once.

    Raises:
        ValueError: If a keypoint is unknown, or none is wanted.

    Example:
        >>> choose_keypoints(['wrist', 0], ['nose', 'elbow', 'wrist'])
        [2, 0]
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
        raise ValueError(f"{problem}: give some of {listed}, or 'all'")
    if 'all' in wanted:
        return list(range(len(names)))
    return list(dict.fromkeys(known[str(item)] for item in wanted))


def _check_bbox(
    bbox: Sequence[float] | None, image: np.ndarray
) -> tuple[float, float, float, float]:
    """Complain about a box that is none, or has no part in the image."""
    height, width = image.shape[:2]
    if bbox is None:
        return 0, 0, width, height
    if len(bbox) == 4 and np.isfinite(bbox).all():
        left, top, right, bottom = bbox
        if max(left, 0) < min(right, width) and max(top, 0) < min(bottom, height):
            return left, top, right, bottom
    raise ValueError(
        f'bbox {list(bbox)} is no box in the image of {width}×{height} pixels: give '
        'left, top, right and bottom of a box that lies in it, at least in part'
    )


def _check_out(out: Path, metadata: dict[str, str]) -> None:
    """Complain about a file that would be lost."""
    if out.suffix.lower() != '.png':
        raise ValueError(f'out {out} is to be a PNG file: give a name ending in .png')
    if not out.exists():
        return
    try:
        with Image.open(out, formats=['PNG']) as picture:
            found = picture.info
    except OSError:
        found = {}
    if any(found.get(key) != value for key, value in metadata.items()):
        raise ValueError(
            f'{out} is there already, and is no picture of this model and image: '
            'choose another name with out'
        )


# The command line


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command line.

    Args:
        parser (argparse.ArgumentParser): The parser of the command.
    """
    parser.description = (
        "Draw a person's heatmaps over the photograph: a row for each keypoint, a "
        'column for each scale before the head joins them, and one for the joined '
        'heatmap. A second picture has the joined heatmaps of all keypoints at once.'
    )
    parser.usage = '%(prog)s [options] (CONFIG CHECKPOINT | NAME) IMAGE'
    parser.add_argument(
        'config',
        help='config file of a top-down model with a heatmap head; or, without a '
        f'checkpoint, {describe_trained_models()}',
    )
    # without a checkpoint, the photograph stands in its place
    parser.add_argument(
        'checkpoint', help="its weights; 'none' for random ones"
    ).required = False
    parser.add_argument('image', help='the photograph').required = False
    parser.add_argument(
        '--bbox',
        type=float,
        nargs=4,
        metavar=('X1', 'Y1', 'X2', 'Y2'),
        help="left, top, right, bottom of the person's box (default: the whole image)",
    )
    parser.add_argument(
        '--keypoints',
        nargs='+',
        metavar='KEYPOINT',
        help="names or indices, or 'all' (default: six spread over the list)",
    )
    parser.add_argument(
        '--out',
        help=f'PNG file to write, the second picture beside it as OUT_all.png '
        f'(default: {OUT_DIR}/IMAGE.png)',
    )
    parser.add_argument(
        '--device',
        default='auto',
        help='cpu, cuda, cuda:1 … (default: a GPU where there is one)',
    )


def main(args: argparse.Namespace) -> int:
    """Run the command line.

    Args:
        args (argparse.Namespace): What :func:`add_arguments` defines.

    Returns:
        int: 0; 2 where nothing was drawn because of an error.
    """
    checkpoint, image = args.checkpoint, args.image
    if not is_trained_model(args.config):
        checkpoint = None if checkpoint == 'none' else checkpoint
    elif image is None:
        checkpoint, image = None, checkpoint
    try:
        if image is None:
            raise ValueError(
                f'{args.config} {checkpoint or ""} without an image: give config, '
                f'checkpoint and image, or {describe_trained_models()} and an image'
            )
        with warnings.catch_warnings():
            warnings.simplefilter('ignore', UserWarning)  # the host's
            out = visualize_heatmaps(
                args.config,
                checkpoint,
                image,
                args.out,
                bbox=args.bbox,
                keypoints=args.keypoints,
                device=args.device,
            )
    except (ValueError, OSError) as error:
        print(f'error: {error}', file=sys.stderr)
        return 2
    print(f'heatmaps in {out}, of all keypoints at once in {name_overlay(out)}')
    return 0
