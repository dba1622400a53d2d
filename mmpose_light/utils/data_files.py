"""Says before a training or a test which of its data are missing.

MMPose stops at the first one, after it has built the model, and does not say from which
folder it looked.
"""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from mmengine.config import Config

from .errors import MissingFileError


def check_data(config: Config, splits: Sequence[str]) -> None:
    """Complain about data that a config names and that are not there.

    Args:
        config (Config): A config as MMPose's ``tools/train.py`` takes it.
        splits (Sequence[str]): What is needed of ``'train'``, ``'val'`` and ``'test'``;
            those that the config has not are passed over.

    Raises:
        MissingFileError: Names every missing file and folder, the folder from which
            relative paths are meant, and what to do.
    """
    missing = {}
    for split in splits:
        for kind, path in _find_named(config, split):
            if not lies_elsewhere(path) and not path.exists():
                missing.setdefault(path, f'{kind} ({split})')
    if not missing:
        return
    lines = ['these data are missing:']
    lines += [f'  {what}: {path}' for path, what in missing.items()]
    lines += [f'Relative paths start from the folder of the command: {Path.cwd()}']
    roots = {
        dataset['data_root'].rstrip('/'): None
        for split in splits
        for dataset in find_datasets(config, split)
        if dataset.get('data_root')
    }
    if roots:
        links = ', '.join(f'ln -s FOLDER {root}' for root in roots)
        lines += [f'Start it where the data are, or link them there: {links}']
    lines += [
        'To do without the boxes of a detector: --cfg-options '
        f'{split}_dataloader.dataset.bbox_file=None'
        for split in splits
        if f"a detector's boxes ({split})" in missing.values()
    ]
    lines += [
        'docs/data.md in the repository tells how data lie, and shows configs for yours.'
    ]
    raise MissingFileError('\n'.join(lines))


def lies_elsewhere(path: str | Path) -> bool:
    """Return whether a path is one of MMEngine's other storages, such as s3://…"""
    return bool(re.match(r'\w{2,}:/', str(path)))


def _find_named(config: Config, split: str) -> Iterator[tuple[str, Path]]:
    """Find what the config names for a split: what it is, and its path."""
    for dataset in find_datasets(config, split):
        yield from _find_files(dataset)
    evaluators = config.get(f'{split}_evaluator') or []
    for metric in evaluators if isinstance(evaluators, list) else [evaluators]:
        if metric.get('ann_file'):
            yield 'annotations', Path(metric['ann_file'])


def find_datasets(config: Config, split: str) -> Iterator[dict]:
    """Find the data sets of a split, those that others are made of alone.

    Args:
        config (Config): A config as MMPose's ``tools/train.py`` takes it.
        split (str): ``'train'``, ``'val'`` or ``'test'``.

    Yields:
        dict: The config of each.
    """
    loader = config.get(f'{split}_dataloader')
    waiting = [loader['dataset']] if loader else []
    while waiting:
        dataset = waiting.pop(0)
        parts = dataset.get('datasets') or [dataset.get('dataset')]
        if parts == [None]:
            yield dataset
        else:
            waiting += parts


def _find_files(dataset: dict) -> Iterator[tuple[str, Path]]:
    """Find the files of a data set, as MMEngine puts their paths together."""
    root = Path(dataset.get('data_root') or '')
    if dataset.get('ann_file'):
        yield 'annotations', root / dataset['ann_file']
    for folder in (dataset.get('data_prefix') or {}).values():
        yield 'images', root / folder
    if dataset.get('bbox_file'):  # not below the root
        yield "a detector's boxes", Path(dataset['bbox_file'])
    keypoints = (dataset.get('metainfo') or {}).get('from_file')
    if keypoints and not _has_host(keypoints):
        yield 'keypoints', Path(keypoints)


def _has_host(keypoints: str) -> bool:
    """Return whether MMPose has a description of keypoints of this name."""
    import mmpose

    folder = Path(mmpose.__file__).parent / '.mim/configs/_base_/datasets'
    return (folder / Path(keypoints).name).is_file()
