"""What a study is to do: the config of each run, and the record that it is known by."""

import os
import platform
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import mmcv
import mmengine
import mmpose
import numpy as np
import torch
from mmengine.config import Config

from ..utils.errors import UserError
from ..utils.hardware import name_processor
from ..version import __version__
from .data import StudyData
from .options import RunOptions
from .protocol import build_config, choose_networks, config_hash
from .record import FORMAT, read_record

MAX_WORKERS = 12


def plan_runs(
    protocol: Config,
    names: Sequence[str],
    data: StudyData,
    work_dir: Path,
    options: RunOptions,
) -> dict[str, tuple[Config, dict[str, Any]]]:
    """Make the config of each run, and read its record or begin a new one.

    Returns:
        dict[str, tuple[Config, dict[str, Any]]]: By network, what MMEngine's runner
        takes, and the record.

    Raises:
        UserError: If a record cannot be read or is that of a run of other settings.
    """
    people = data.train.count_people()
    shared = dict(
        seed=options.seed,
        precision=options.precision,
        train_people=people,
        val_people=data.val.count_people(),
        train_sha256=data.train.sha256(),
        val_sha256=data.val.sha256(),
    )
    runs = {}
    for name in names:
        cfg = build_config(protocol, name, options.lr_scale)
        settings = dict(
            protocol=Path(protocol.filename).stem,
            config_sha256=config_hash(cfg),
            optimizer=cfg.optim_wrapper.optimizer.type,
            lr=cfg.optim_wrapper.optimizer.lr,
            **shared,
        )
        _adapt(cfg, data, work_dir / name, people, options)
        settings.update(
            batch_size=cfg.train_dataloader.batch_size,
            epochs=cfg.train_cfg.max_epochs,
            iterations=cfg.train_cfg.max_epochs
            * (people // cfg.train_dataloader.batch_size),
        )
        path = work_dir / f'{name}.json'
        if path.exists():
            record = read_record(path)
            _check_settings(path, record, settings)
        else:
            entry = protocol.networks[name]
            record = _new_record(
                name, list(protocol.networks).index(name), entry, settings
            )
        runs[name] = cfg, record
    return runs


def plan_evaluation(
    protocol: Config, record: dict[str, Any], data: StudyData, work_dir: Path
) -> Config:
    """Make the config that evaluates a run's network as its training did.

    Args:
        protocol (Config): The protocol of the run.
        record (dict[str, Any]): The run's record.
        data (StudyData): The data; what is validated on has to be the run's.
        work_dir (Path): Where the run's results are written.

    Returns:
        Config: What MMEngine's runner takes to test.

    Raises:
        UserError: If the protocol does not know the network.
    """
    name = record['network']
    choose_networks(protocol, [name])
    cfg = build_config(protocol, name)
    people = record['settings']['train_people']
    batch = record['settings']['batch_size']
    _adapt(cfg, data, work_dir, people, RunOptions(batch_size=batch, workers=0))
    return cfg


def _adapt(
    cfg: Config, data: StudyData, work_dir: Path, people: int, options: RunOptions
) -> None:
    """Write the data, the schedule's length and the options into a run's config."""
    workers = options.workers
    if workers is None:
        workers = min(MAX_WORKERS, (os.cpu_count() or 1) - 1)
    for loader, split in (
        (cfg.train_dataloader, data.train),
        (cfg.val_dataloader, data.val),
    ):
        loader.num_workers = workers
        loader.persistent_workers = workers > 0
        loader.pin_memory = torch.cuda.is_available()
        loader.dataset.update(
            data_root='',
            ann_file=str(split.ann_file.absolute()),
            data_prefix=dict(img=str(split.image_dir.absolute())),
        )
    for evaluator in cfg.val_evaluator:
        if 'Coco' in evaluator.type:
            evaluator.ann_file = str(data.val.ann_file.absolute())
    if options.batch_size is not None:
        cfg.train_dataloader.batch_size = options.batch_size
        cfg.val_dataloader.batch_size = options.batch_size
    per_epoch = people // cfg.train_dataloader.batch_size
    if not per_epoch:
        raise UserError(
            f'{people} people do not fill a batch of {cfg.train_dataloader.batch_size}: '
            'give a smaller batch size'
        )
    iterations = options.iterations or cfg.iterations
    cfg.train_cfg.max_epochs = -(-iterations // per_epoch)
    if options.precision != 'float32':
        cfg.optim_wrapper.update(type='AmpOptimWrapper', dtype=options.precision)
    if options.cuda_graphs:
        cfg.default_hooks.cuda_graphs = dict(type='CUDAGraphHook')
    # for MMPose's tools/test.py, which takes the config that the run leaves
    cfg.test_dataloader, cfg.test_evaluator = cfg.val_dataloader, cfg.val_evaluator
    cfg.randomness.seed = options.seed
    cfg.work_dir = str(work_dir)


def _check_settings(
    path: Path, record: dict[str, Any], settings: dict[str, Any]
) -> None:
    """Complain about a run of other settings."""
    old = record['settings']
    other = [key for key in settings if old.get(key) != settings[key]]
    if other:
        told = ', '.join(f'{k} {old.get(k)!r}, now {settings[k]!r}' for k in other)
        raise UserError(
            f'{path} is a run of other settings ({told}): give the same ones to go on, '
            'or another --work-dir'
        )


def _new_record(
    name: str, order: int, entry: Config, settings: dict[str, Any]
) -> dict[str, Any]:
    return dict(
        format=FORMAT,
        network=name,
        title=entry.title,
        order=order,
        ablation=entry.get('ablation'),
        status='waiting',
        settings=settings,
        hardware=describe_hardware(),
        versions=dict(
            mmpose_light=__version__,
            mmpose=mmpose.__version__,
            mmengine=mmengine.__version__,
            mmcv=mmcv.__version__,
            torch=torch.__version__,
            numpy=np.__version__,
            python=platform.python_version(),
        ),
        parameters=0,
        macs=0,
        epochs=0,
        iterations=0,
        seconds=0.0,
        timed_iterations=0,
        timed_seconds=0.0,
        peak_memory=None,
        losses=[],
        evaluations=[],
    )


def describe_hardware() -> str:
    """Name the GPU, or else the processor and its threads."""
    if torch.cuda.is_available():
        return torch.cuda.get_device_name()
    return f'{name_processor()}, {torch.get_num_threads()} threads'
