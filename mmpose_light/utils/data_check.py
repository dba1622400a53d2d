"""Looks through the data of a config before a training or a test begins."""

import reprlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from mmengine.config import Config

from .annotation_check import check_annotations, to_numbers
from .data_files import find_datasets, lies_elsewhere
from .errors import UserError
from .files import read_json
from .findings import Findings
from .image_check import check_images

SWITCH = 'default_hooks.check_data.enable=False'


def check_config(
    config: Config, splits: Sequence[str], opened: int | None = 1000
) -> dict[str, Findings]:
    """Look through the data that a config names.

    Args:
        config (Config): A config as MMPose's ``tools/train.py`` takes it.
        splits (Sequence[str]): Of ``'train'``, ``'val'`` and ``'test'``; those that the
            config has not are passed over.
        opened (int, optional): How many images of each file of annotations are opened,
            ``None`` for all. Defaults to 1000

    Returns:
        dict[str, Findings]: What is wrong, by what it was found in.
    """
    head = (config.get('model') or {}).get('head')
    outputs = head.get('out_channels') if isinstance(head, dict) else None
    found = {}
    for split in splits:
        metrics = _list_metrics(config, split)
        for dataset in find_datasets(config, split):
            ann_file = _find_annotations(dataset)
            findings = _check_dataset(dataset, ann_file, metrics, outputs, opened)
            found[f'{split} ({ann_file})'] = findings
            for metric in metrics:
                other = metric.get('ann_file')
                if other and Path(other).resolve() != ann_file.resolve():
                    findings.notes.append(
                        f'{split}_evaluator reads {other}, and {split}_dataloader not'
                    )
    return found


def refuse_bad_data(config: Config, splits: Sequence[str]) -> list[str]:
    """Complain about data that will not do.

    Args:
        config (Config): The config.
        splits (Sequence[str]): As of :func:`check_config`.

    Returns:
        list[str]: What looks odd, and does no harm.

    Raises:
        UserError: Names all that was found, and how to go on all the same.
    """
    stamp = _stamp(config, splits)
    if stamp in _passed:
        return _passed[stamp]
    found = check_config(config, splits)
    lines = []
    for name, findings in found.items():
        if findings.problems:
            lines += [f'  {name}:', *(f'    {text}' for text in findings.problems)]
    if lines:
        raise UserError(
            '\n'.join(
                [
                    'these data will not do:',
                    *lines,
                    f'To go on all the same: --cfg-options {SWITCH}',
                ]
            )
        )
    notes = [f'{name}: {text}' for name, f in found.items() for text in f.notes]
    _passed[stamp] = notes
    return notes


#: Notes on the data that this process found fit: its tool looks first, then its hook.
_passed: dict[str, list[str]] = {}


def _stamp(config: Config, splits: Sequence[str]) -> str:
    """Return what is another one as soon as configs or annotations change."""
    datasets = [dataset for split in splits for dataset in find_datasets(config, split)]
    files = [_find_annotations(dataset) for dataset in datasets]
    times = [file.stat().st_mtime_ns if file.is_file() else 0 for file in files]
    return repr((splits, datasets, times, [_list_metrics(config, s) for s in splits]))


def is_switched_on(config: Config) -> bool:
    """Return whether a config has its data checked before the first step.

    Args:
        config (Config): The config.

    Returns:
        bool: Whether CheckDataHook is among its default hooks, and enabled.
    """
    hook = (config.get('default_hooks') or {}).get('check_data')
    return bool(hook) and hook.get('enable', True)


def _find_annotations(dataset: dict) -> Path:
    """Put the path of a data set's annotations together, as MMEngine does."""
    return Path(dataset.get('data_root') or '', dataset.get('ann_file') or '')


def _name_type(entry: dict) -> str:
    """Return the type of an entry of a config, which may be a class."""
    return getattr(entry.get('type'), '__name__', str(entry.get('type')))


def _list_metrics(config: Config, split: str) -> list[dict]:
    """Return the metrics of a split that read annotations in COCO's format."""
    evaluators = config.get(f'{split}_evaluator') or []
    evaluators = evaluators if isinstance(evaluators, list) else [evaluators]
    return [
        e
        for e in evaluators
        if _name_type(e).endswith('CocoMetric') and not e.get('format_only')
    ]


def _check_dataset(
    dataset: dict,
    ann_file: Path,
    metrics: list[dict],
    outputs: int | None,
    opened: int | None,
) -> Findings:
    """Check a data set of MMPose."""
    from mmpose.datasets.datasets import BaseCocoStyleDataset, MpiiDataset
    from mmpose.registry import DATASETS

    kind = DATASETS.get(_name_type(dataset)) or object
    image_dir = Path(dataset.get('data_root') or '')
    image_dir /= (dataset.get('data_prefix') or {}).get('img', '')
    own = [
        getattr(kind, name, None) != getattr(BaseCocoStyleDataset, name)
        for name in ('parse_data_info', '_load_annotations')
    ]
    if (kind is not MpiiDataset and any(own)) or lies_elsewhere(ann_file):
        return Findings(notes=[f'what {_name_type(dataset)} reads is not looked into'])
    found = Findings()
    names = _read_keypoints(found, kind, dataset)
    if names is None:
        return found
    if kind is MpiiDataset:
        _check_mpii(found, ann_file, image_dir, len(names), opened)
    else:
        check_annotations(
            found,
            ann_file,
            image_dir,
            names,
            evaluated=bool(metrics),
            use_area=any(metric.get('use_area', True) for metric in metrics),
            detected=_check_detections(found, dataset.get('bbox_file')),
            opened=opened,
        )
    converted = [t.get('type') for t in dataset.get('pipeline') or []]
    if outputs not in (None, len(names)) and 'KeypointConverter' not in converted:
        found.problems.append(
            f'model.head.out_channels is {outputs}, and there are {len(names)} keypoints'
        )
    return found


def _read_keypoints(found: Findings, kind: type, dataset: dict) -> list[str] | None:
    """Return the names of the keypoints, and check the numbers that they come with."""
    try:
        meta = kind._load_metainfo(dataset.get('metainfo'))
        names = [meta['keypoint_id2name'][i] for i in range(meta['num_keypoints'])]
    except (AssertionError, AttributeError, KeyError, OSError, ValueError) as error:
        found.problems.append(
            'the description of its keypoints (metainfo) cannot be used: '
            f'{type(error).__name__} {error}'
        )
        return None
    sigmas = np.asarray(meta['sigmas'], float)
    weights = np.asarray(meta['dataset_keypoint_weights'], float)
    for key, values, good in (
        ('sigmas', sigmas, np.isfinite(sigmas) & (sigmas > 0)),
        ('joint_weights', weights, np.isfinite(weights) & (weights >= 0)),
    ):
        if values.shape != (len(names),) or not good.all():
            found.problems.append(
                f'{key} of its metainfo should be {len(names)} positive numbers, one a '
                f'keypoint: {values.tolist()}'
            )
    return names


def _check_detections(found: Findings, bbox_file: str | None) -> set[int] | None:
    """Check the boxes of a detector, and return the images of those MMPose takes."""
    if bbox_file is None:
        return None
    try:
        entries = read_json(bbox_file)
    except UserError as error:
        found.problems.append(str(error))
        return set()
    if not isinstance(entries, list) or not all(isinstance(e, dict) for e in entries):
        found.problems.append(f'{bbox_file} is no list of detection results')
        return set()
    people = [entry for entry in entries if entry.get('category_id') == 1]
    if not people:
        there = sorted({reprlib.repr(entry.get('category_id')) for entry in entries})
        found.problems.append(
            f'{bbox_file} has no box of category_id 1, which alone MMPose takes; it has '
            f'{", ".join(there[:9]) or "none"}'
        )
    good = found.find(
        f'boxes in {bbox_file} have no whole number as image_id',
        people,
        lambda e: type(e.get('image_id')) is not int,
    )
    rows = [
        [*e['bbox'][:4], e.get('score')] if isinstance(e.get('bbox'), list) else [None]
        for e in people
    ]
    bad = [len(row) != 5 or not np.isfinite(to_numbers([row])).all() for row in rows]
    found.find(
        f'boxes in {bbox_file} have no bbox and score that are finite numbers',
        people,
        np.array(bad, bool),
    )
    return {e['image_id'] for e, is_good in zip(people, good, strict=True) if is_good}


def _check_mpii(
    found: Findings, ann_file: Path, image_dir: Path, count: int, opened: int | None
) -> None:
    """Check annotations in MPII's own layout: a list of people."""
    try:
        people = read_json(ann_file)
    except UserError as error:
        found.problems.append(str(error))
        return
    if not isinstance(people, list) or not all(isinstance(e, dict) for e in people):
        found.problems.append('it is no list of people, as MPII annotations are')
        return
    expected = dict(center=2, joints=2 * count, joints_vis=count, scale=1)

    def read(person: dict, key: str) -> np.ndarray:
        try:
            return np.ravel(np.array(person.get(key), float))
        except (TypeError, ValueError):
            return np.zeros(0)

    for key, size in expected.items():
        values = [read(person, key) for person in people]
        bad = [v.size != size or not np.isfinite(v).all() for v in values]
        found.find(
            f'people do not have {size} finite numbers in {key}',
            people,
            np.array(bad, bool),
        )
    good = found.find(
        'people have no image whose name is a number, as MpiiDataset needs it',
        people,
        lambda e: not str(e.get('image')).split('.')[0].isdecimal(),
    )
    names = {
        e['image']: None for e, is_good in zip(people, good, strict=True) if is_good
    }
    found.counts = dict(images=len(names), people=len(people))
    check_images(found, [dict(file_name=name) for name in names], image_dir, opened)
