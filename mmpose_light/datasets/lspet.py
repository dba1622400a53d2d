"""Leeds Sports Pose Extended (LSPET) as COCO keypoint annotations.

Data set: Johnson and Everingham, "Learning Effective Human Pose Estimation from
Inaccurate Annotation", CVPR 2011: 10,000 images, one labelled person each.
Its ``joints.mat`` holds one array, ``joints``, of shape (14, 3, images): x, y and a
flag (1: labelled) of the 14 joints in :data:`LSPET_JOINTS`.

The rules of the conversion:

- a joint counts as labelled where its flag is set and it lies inside the image;
- a person with fewer than 8 labelled limb joints (shoulders, elbows, wrists, hips,
  knees, ankles) is left out, and the image with it;
- box: the extent of all labelled joints, neck and head top included, padded by 12%
  of its longer side on every side, clipped to the image;
- area: 0.53 of the box, for want of a segmentation. It scales OKS;
- keypoints: the 17 of COCO. LSPET has no joints in the face, so those five keep
  visibility 0; COCO has no neck and head top, so those two only shape the box;
- image and annotation id: the number in the image's name.

Coordinates are taken over as they are. Labelled joints reach down to 0 and stop short
of the last pixel, so the file counts pixels from 0, whatever MATLAB does.
"""

import zipfile
from itertools import pairwise
from pathlib import Path, PurePosixPath
from typing import NamedTuple

import numpy as np
from rich.progress import track

from ..utils.errors import MissingFileError, UserError
from ..utils.files import check_absent, whole_file, write_json
from ..utils.image_reading import read_image
from .coco_layout import COCO_KEYPOINTS, LIMB_SKELETON, make_category

LSPET_JOINTS = (
    'right_ankle',
    'right_knee',
    'right_hip',
    'left_hip',
    'left_knee',
    'left_ankle',
    'right_wrist',
    'right_elbow',
    'right_shoulder',
    'left_shoulder',
    'left_elbow',
    'left_wrist',
    'neck',
    'head_top',
)
LIMB_JOINTS = tuple(name for name in LSPET_JOINTS if name in COCO_KEYPOINTS)

MIN_LIMB_JOINTS = 8
BOX_PADDING = 0.12
AREA_OF_BOX = 0.53
SPLITS = {'train': (1, 8000), 'val': (8001, 9000)}

_LIMBS = [LSPET_JOINTS.index(name) for name in LIMB_JOINTS]
_LIMBS_IN_COCO = [COCO_KEYPOINTS.index(name) for name in LIMB_JOINTS]


def load_joints(path: str | Path) -> np.ndarray:
    """Read ``joints.mat``: float64, shape (images, 14, 3), x, y and flag.

    Raises:
        MissingFileError: If there is no such file.
        UserError: If it is not a MATLAB file, or not that of LSPET.
    """
    from scipy.io import loadmat

    path = Path(path)
    if not path.is_file():
        raise MissingFileError(
            f'{path} is missing: unpack the whole LSPET download '
            '(lspet_dataset.zip) there, it holds joints.mat beside images/'
        )
    try:
        content = loadmat(path)
    except Exception as error:  # scipy raises a different class for every defect
        raise UserError(
            f'{path} cannot be read as a MATLAB file ({error}): '
            'download and unpack lspet_dataset.zip again'
        ) from error
    if 'joints' not in content:
        found = sorted(key for key in content if not key.startswith('__'))
        raise UserError(f"{path} has no variable 'joints', only {found}")
    joints = np.asarray(content['joints'])
    if joints.ndim != 3 or joints.shape[:2] != (14, 3):
        raise UserError(
            f"'joints' in {path} has the shape {joints.shape}, expected "
            '(14, 3, images). (3, 14, 2000) is the smaller LSP set, whose flag '
            'means "occluded": take LSP Extended'
        )
    return joints.transpose(2, 0, 1).astype(np.float64)


def labelled_joints(joints: np.ndarray, width: int, height: int) -> np.ndarray:
    """Tell which joints of a person, shape (14, 3), count as labelled: bool, (14,)."""
    x, y, flag = joints.T
    return (flag > 0) & (x >= 0) & (x < width) & (y >= 0) & (y < height)


def padded_box(points: np.ndarray, width: int, height: int) -> list[float]:
    """Return the box of a person, from the labelled joints, shape (N, 2).

    It is left, top, width and height in pixels, in an image of that width and height.
    """
    low, high = points.min(axis=0), points.max(axis=0)
    padding = BOX_PADDING * (high - low).max()
    left, top = np.maximum(low - padding, 0).tolist()
    right, bottom = np.minimum(high + padding, (width, height)).tolist()
    return [left, top, right - left, bottom - top]


def to_annotation(
    joints: np.ndarray, width: int, height: int, image_id: int
) -> dict | None:
    """Turn one person's joints, shape (14, 3), into a COCO annotation.

    Width and height of the image are in pixels; its id is that of the annotation, too.
    Returns ``None`` where too few limb joints are labelled.
    """
    labelled = labelled_joints(joints, width, height)
    if labelled[_LIMBS].sum() < MIN_LIMB_JOINTS:
        return None
    box = padded_box(joints[labelled, :2], width, height)
    keypoints = np.zeros((len(COCO_KEYPOINTS), 3))
    limbs = np.column_stack((joints[_LIMBS, :2], np.full(len(_LIMBS), 2)))
    keypoints[_LIMBS_IN_COCO] = np.where(labelled[_LIMBS, None], limbs, 0)
    return dict(
        id=image_id,
        image_id=image_id,
        category_id=1,
        iscrowd=0,
        bbox=box,
        area=AREA_OF_BOX * box[2] * box[3],
        num_keypoints=int(labelled[_LIMBS].sum()),
        keypoints=[int(v) if v == int(v) else v for v in keypoints.ravel().tolist()],
    )


def image_size(path: Path) -> tuple[int, int]:
    """Return width and height of an image that can be decoded to its end.

    Raises:
        MissingFileError: If there is no such file.
        UserError: If the file is no image, or is truncated.
    """
    if not path.is_file():
        raise MissingFileError(
            f'image {path} is missing: the download is incomplete, '
            'unpack lspet_dataset.zip again'
        )
    try:
        height, width = read_image(path).shape[:2]
    except UserError as error:
        raise UserError(f'{error}: unpack lspet_dataset.zip again') from error
    return width, height


def convert_split(
    joints: np.ndarray,
    image_dir: str | Path,
    first: int,
    last: int,
    progress: str | None = None,
) -> dict:
    """Convert a range of images to a COCO data set.

    Args:
        joints (np.ndarray): All joints, of shape (images, 14, 3).
        image_dir (str | Path): The folder of im00001.jpg, im00002.jpg …
        first (int): Number of the first image, counted from 1.
        last (int): Number of the last image, included.
        progress (str, optional): Caption of a progress bar. Defaults to ``None``, no
            bar

    Raises:
        MissingFileError: If an image is missing.
        UserError: If the range does not fit, or an image cannot be read.
    """
    if not 1 <= first <= last <= len(joints):
        raise UserError(
            f'images {first} to {last} were asked for, '
            f'joints.mat describes images 1 to {len(joints)}'
        )
    images, annotations = [], []
    for number in track(
        range(first, last + 1), description=progress or '', disable=progress is None
    ):
        person = joints[number - 1]
        if (person[_LIMBS, 2] > 0).sum() < MIN_LIMB_JOINTS:
            continue  # left out whatever the size of the image
        path = Path(image_dir) / f'im{number:05d}.jpg'
        width, height = image_size(path)
        annotation = to_annotation(person, width, height, number)
        if annotation is not None:
            images.append(
                dict(id=number, file_name=path.name, width=width, height=height)
            )
            annotations.append(annotation)
    return dict(
        info=dict(
            description='Leeds Sports Pose Extended (Johnson and Everingham, '
            f'CVPR 2011), images {first} to {last}, COCO-17 layout'
        ),
        images=images,
        annotations=annotations,
        categories=[make_category(LIMB_SKELETON)],
    )


def unpack(archive: str | Path, out_dir: str | Path) -> Path:
    """Unpack ``joints.mat`` and ``images/`` of the LSPET download to a folder.

    Files that are already there with the right size are kept. The archive,
    lspet_dataset.zip, may have a folder around.

    Raises:
        UserError: If the file is no zip archive, is damaged or is not LSPET's.
    """
    out_dir = Path(out_dir)
    try:
        with zipfile.ZipFile(archive) as source:
            wanted = {}
            for entry in source.infolist():
                path = PurePosixPath(entry.filename)
                if path.name == 'joints.mat':
                    wanted[out_dir / path.name] = entry
                elif path.suffix == '.jpg' and path.parent.name == 'images':
                    wanted[out_dir / 'images' / path.name] = entry
            if out_dir / 'joints.mat' not in wanted or len(wanted) < 2:
                raise UserError(
                    f'{archive} does not hold joints.mat and images/*.jpg: '
                    'it is not lspet_dataset.zip'
                )
            for path, entry in track(wanted.items(), description='unpacking'):
                if not path.is_file() or path.stat().st_size != entry.file_size:
                    with whole_file(path) as part:
                        part.write_bytes(source.read(entry))
    except zipfile.BadZipFile as error:
        raise UserError(
            f'{archive} is no zip archive or is damaged ({error}): download it again'
        ) from error
    return out_dir


class Conversion(NamedTuple):
    """What :func:`convert_lspet` did."""

    datasets: dict[str, dict]  # the COCO data set of each split
    files: dict[str, Path]  # the file of each
    unused: int  # how many images lie in no split


def convert_lspet(
    source: str | Path,
    out_dir: str | Path | None = None,
    splits: dict[str, tuple[int, int]] = SPLITS,
    overwrite: bool = False,
) -> Conversion:
    """Convert the LSPET download and write one json file for each split.

    Args:
        source (str | Path): The folder with ``joints.mat`` and ``images/``, or
            lspet_dataset.zip, which is unpacked to ``out_dir`` first.
        out_dir (str | Path, optional): Where ``<split>.json`` go. Defaults to ``None``,
            the source folder, or ``data/lspet`` for a zip file
        splits (dict[str, tuple[int, int]]): First and last image of each split.
        overwrite (bool): Whether json files that are there may be replaced.

    Raises:
        MissingFileError: If the source, its joints.mat or an image is missing.
        UserError: If a file is there already or is not what it should be; the message
            says what would do.
    """
    source = Path(source)
    if not source.exists():
        raise MissingFileError(
            f'{source} does not exist: give the folder with joints.mat and images/, '
            'or lspet_dataset.zip'
        )
    out_dir = Path(out_dir or (source if source.is_dir() else 'data/lspet'))
    files = {name: out_dir / f'{name}.json' for name in splits}
    for file in files.values():
        check_absent(file, overwrite)
    ranges = sorted(splits.values())
    if any(last >= start for (_, last), (start, _) in pairwise(ranges)):
        raise UserError(f'the splits share images: {splits}')
    if source.is_file():
        source = unpack(source, out_dir)
    joints = load_joints(source / 'joints.mat')
    image_dir = source / 'images'
    if not image_dir.is_dir():
        raise MissingFileError(
            f'{image_dir} is missing: unpack the whole LSPET download '
            '(lspet_dataset.zip) there, it holds images/ beside joints.mat'
        )
    # All splits first, then the files: an error leaves nothing half done.
    datasets = {
        name: convert_split(joints, image_dir, first, last, progress=name)
        for name, (first, last) in splits.items()
    }
    for name, dataset in datasets.items():
        write_json(files[name], dataset, indent=None)
    used = sum(last - first + 1 for first, last in ranges)
    return Conversion(datasets, files, len(joints) - used)
