"""What inputs stand for: images and videos."""

import functools
import glob
import mimetypes
import os
import warnings
from collections.abc import Sequence
from pathlib import Path

from ..utils.errors import MissingFileError, UserError
from ..utils.files import real_path
from ..utils.video_reading import is_camera
from .outputs import list_results

WEIGHTS_SUFFIXES = ('.pth', '.pt', '.ckpt')

# What Python's list of types lacks, has as something else, or has on some machines.
IMAGE_SUFFIXES = frozenset(
    [
        '.avif',
        '.cur',
        '.dds',
        '.dib',
        '.heic',
        '.heif',
        '.hif',
        '.icns',
        '.ico',
        '.j2k',
        '.jp2',
        '.jpx',
        '.pcx',
        '.qoi',
        '.sgi',
        '.tga',
        '.webp',
    ]
)
VIDEO_SUFFIXES = frozenset(
    [
        '.3g2',
        '.3gp',
        '.asf',
        '.f4v',
        '.flv',
        '.m2t',
        '.m2ts',
        '.m4v',
        '.mkv',
        '.mts',
        '.mxf',
        '.ogv',
        '.ts',
        '.vob',
        '.webm',
        '.wmv',
        '.y4m',
    ]
)
TS_PACKET, TS_MARK = 188, 0x47


def find_inputs(
    inputs: str | Path | Sequence[str | Path],
) -> tuple[list[str], list[str]]:
    """Find the images and videos that the inputs stand for.

    Args:
        inputs (str | Path | Sequence): Files, folders (their images are taken, not
            those of the folders inside), glob patterns (without the results of earlier
            runs, unless the pattern names their folder), numbers of cameras.

    Returns:
        tuple[list[str], list[str]]: Images, and videos and cameras, each once.

    Raises:
        MissingFileError: If nothing is found.
        UserError: If a file is neither image nor video, or a folder holds no image.
    """
    if isinstance(inputs, str | Path):
        inputs = [inputs]
    files: dict[str, str] = {}
    for item in map(str, inputs):
        for file in _expand(item):
            files.setdefault(real_path(file), file)
    if not files:
        raise UserError('no inputs: give an image, a folder, a pattern or a video')
    kinds = {file: _kind(file) for file in files.values()}
    images, videos = (
        [file for file, kind in kinds.items() if kind == wanted]
        for wanted in ('image', 'video')
    )
    return images, videos


def find_images(inputs: str | Path | Sequence[str | Path]) -> list[str]:
    """Find the images that the inputs stand for, where nothing else will do.

    Args:
        inputs (str | Path | Sequence): As of :func:`find_inputs`.

    Returns:
        list[str]: Images, each once.

    Raises:
        MissingFileError: If nothing is found.
        UserError: If one is a video, or neither, or a folder holds no image.
    """
    images, videos = find_inputs(inputs)
    if videos:
        raise UserError(f'{videos[0]} is a video: give images')
    return images


def refuse_weights(inputs: str | Path | Sequence[str | Path]) -> None:
    """Complain about weights among the inputs, where they stood before version 0.2.

    Args:
        inputs (str | Path | Sequence): Files, folders, glob patterns.

    Raises:
        UserError: If one is a file of weights, by its suffix.
    """
    for item in [inputs] if isinstance(inputs, str | Path) else inputs:
        if Path(item).suffix.lower() in WEIGHTS_SUFFIXES:
            raise UserError(
                f'{item} is a file of weights and no input: give it with --weights '
                f'{item}'
            )


def stands_for_inputs(name: str) -> bool:
    """Return whether a name can be that of inputs: by its suffix, or as a folder."""
    path = Path(name)
    if path.suffix.lower() == '.ts' and not path.is_file():
        return True
    return path.is_dir() or _kind(name) is not None or glob.has_magic(name)


def _expand(item: str) -> list[str]:
    """List the files that one input stands for."""
    path = Path(item)
    if is_camera(item):
        return [item]
    if path.is_dir():
        files = [os.path.join(path, name) for name in sorted(os.listdir(path))]
        found = [
            file
            for file in files
            if _kind(file) == 'image' and not os.path.basename(file).startswith('.')
        ]
        if not found:
            raise UserError(f'folder {item} holds no images')
        return found
    if path.is_file():
        if _kind(item) is None:
            raise UserError(
                f'input {item} is neither an image nor a video, by its suffix'
            )
        return [item]
    found = sorted(p for p in glob.glob(item, recursive=True) if _kind(p))
    if not found:
        raise MissingFileError(f'input {item} does not exist')
    return _leave_results_out(found, item)


def _leave_results_out(found: Sequence[str], pattern: str) -> list[str]:
    """Drop what earlier runs made of a pattern's inputs."""
    folders = {Path(file).parent for file in found}
    results = {
        folder: list_results(folder)
        for folder in folders
        if folder.name not in Path(pattern).parts
    }
    left = [
        file
        for file in found
        if Path(file).stem not in results.get(Path(file).parent, ())
    ]
    if not left:
        raise UserError(f'{pattern} stands for results of earlier runs alone')
    if len(left) < len(found):
        warnings.warn(
            f'{len(found) - len(left)} results of earlier runs are left out of '
            f'{pattern}',
            RuntimeWarning,
            stacklevel=2,
        )
    return left


def _kind(path: str) -> str | None:
    """Return 'image', 'video', or None for anything else, by the suffix."""
    suffix = os.path.splitext(path)[1].lower()
    if is_camera(path):
        return 'video'
    kind = _kind_of(suffix)
    if kind is None or os.path.isdir(path):
        return None
    return None if suffix == '.ts' and not _is_stream(Path(path)) else kind


@functools.cache
def _kind_of(suffix: str) -> str | None:
    """Return 'image', 'video', or None, of a suffix in lower case."""
    if suffix in IMAGE_SUFFIXES:
        return 'image'
    if suffix in VIDEO_SUFFIXES:
        return 'video'
    kind = (mimetypes.guess_type(f'x{suffix}')[0] or '').split('/')[0]
    return kind if kind in ('image', 'video') else None


def _is_stream(path: Path) -> bool:
    """Return whether a file is an MPEG transport stream, and not TypeScript."""
    with path.open('rb') as file:
        head = file.read(TS_PACKET + 1)
    return len(head) > TS_PACKET and head[0] == head[TS_PACKET] == TS_MARK
