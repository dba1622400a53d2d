"""The demo: train a small EL-HRNet on synthetic people and show what it learned.

Each step leaves a file that is written at once, so a demo that was interrupted goes on
where it stopped: data that are whole are not drawn again, training resumes from the
newest checkpoint that can be read, finished steps are skipped.

Given photographs, it ends by finding poses in them, with the weights that come with
this package: a network that has seen drawn people only knows none of flesh and blood.
"""

import argparse
import contextlib
import json
import logging
import os
import pickle
import shutil
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from mmengine import Config
from mmengine.logging import MMLogger
from mmengine.runner import Runner

from ..apis.infer import infer
from ..apis.inputs import find_inputs
from ..apis.models import find_model
from ..apis.outputs import DRAWN
from ..datasets.synthetic_people import write_synthetic_people
from .pictures import draw_curve, draw_predictions

TRAIN_SEED, VAL_SEED = 0, 1
MAX_PEOPLE = 1  # in a picture: minutes do not suffice to learn crowds
NOTES = 'demo.json'
PHOTOS = 'photos'
TRAINED_MODEL = 'el-hrnet-w32-lspet-cpu'
KPT_THR = 0.1  # that model is unsure of what it finds
COCO_CONFIG = 'configs/el_hrnet/td-hm_el-hrnet-w32_1xb16-300e_coco-256x192.py'


@dataclass(frozen=True)
class DemoResult:
    """What a demo made.

    Attributes:
        untrained (dict[str, float]): CocoMetric's results before training.
        trained (dict[str, float]): The same after training.
        checkpoint (Path): The trained model.
        predictions (Path): Picture of predictions beside the truth.
        curve (Path): Picture of loss and AP over the epochs.
    """

    untrained: dict[str, float]
    trained: dict[str, float]
    checkpoint: Path
    predictions: Path
    curve: Path


def run_demo(
    config: str | Path,
    work_dir: str | Path,
    train_images: int = 2400,
    val_images: int = 150,
    epochs: int | None = None,
    fresh: bool = False,
) -> DemoResult:
    """Draw synthetic people, train on them, evaluate before and after, make pictures.

    Called again after an interruption, it goes on.

    Args:
        config (str | Path): The demo's config file.
        work_dir (str | Path): Where everything is written.
        train_images (int): Pictures to train on. Defaults to 2400
        val_images (int): Pictures to evaluate on. Defaults to 150
        epochs (int, optional): Epochs to train. Defaults to ``None``, those of the
            config
        fresh (bool): Start anew. Defaults to ``False``

    Returns:
        DemoResult: Figures and files.

    Raises:
        ValueError: If a number is not positive, or ``work_dir`` holds something
            else, or a demo of other settings.
        FileNotFoundError: If the config does not exist.
    """
    cfg = Config.fromfile(config)
    if epochs is not None:
        cfg.train_cfg.max_epochs = epochs
    work_dir = Path(work_dir)
    settings = dict(
        config=Path(config).stem,
        train_images=train_images,
        val_images=val_images,
        epochs=cfg.train_cfg.max_epochs,
    )
    for name in ('train_images', 'val_images', 'epochs'):
        if settings[name] < 1:
            raise ValueError(f'{name} must be at least 1, got {settings[name]}')
    notes = open_notes(work_dir, settings, fresh)

    print('1/4 Synthetic people', flush=True)
    data_dir = work_dir / 'data'
    write_synthetic_people(
        data_dir, train_images, TRAIN_SEED, split='train', max_people=MAX_PEOPLE
    )
    ann_file = write_synthetic_people(
        data_dir, val_images, VAL_SEED, split='val', max_people=MAX_PEOPLE
    )
    for loader in (cfg.train_dataloader, cfg.val_dataloader, cfg.test_dataloader):
        loader.dataset.data_root = str(data_dir)
    cfg.val_evaluator.ann_file = cfg.test_evaluator.ann_file = str(ann_file)

    print('2/4 Evaluation of the untrained network', flush=True)
    if 'untrained' not in notes:
        _, notes['untrained'] = _run(cfg, work_dir / 'untrained', Runner.test)
        _write_notes(work_dir, notes)

    print(f'3/4 Training, {cfg.train_cfg.max_epochs} epochs', flush=True)
    checkpoint = work_dir / f'epoch_{cfg.train_cfg.max_epochs}.pth'
    newest = find_whole_checkpoint(work_dir)
    if newest != checkpoint:
        if newest is not None:
            print(f'Going on from {newest}', flush=True)
            cfg.load_from, cfg.resume = str(newest), True
        _run(cfg, work_dir, Runner.train)

    print('4/4 Evaluation and pictures', flush=True)
    predictions, curve = work_dir / 'predictions.png', work_dir / 'curve.png'
    if 'trained' not in notes:
        cfg.load_from, cfg.resume = str(checkpoint), False
        runner, trained = _run(cfg, work_dir / 'trained', Runner.test)
        draw_predictions(runner, predictions)
        draw_curve(work_dir, curve)
        notes['trained'] = trained
        _write_notes(work_dir, notes)
    return DemoResult(
        untrained=notes['untrained'],
        trained=notes['trained'],
        checkpoint=checkpoint,
        predictions=predictions,
        curve=curve,
    )


def find_whole_checkpoint(work_dir: Path) -> Path | None:
    """Find the newest ``epoch_*.pth`` that can be read.

    Args:
        work_dir (Path): Where to look.

    Returns:
        Path | None: The file, None if there is no such.
    """
    paths = work_dir.glob('epoch_*.pth')
    for path in sorted(paths, key=lambda path: int(path.stem[6:]), reverse=True):
        try:
            torch.load(path, map_location='cpu')
        except (RuntimeError, EOFError, OSError, pickle.UnpicklingError):
            print(f'{path} is not whole and is left aside', flush=True)
        else:
            return path
    return None


def open_notes(work_dir: Path, settings: dict, fresh: bool) -> dict:
    """Read what a demo noted down in its folder, or begin a new one.

    Args:
        work_dir (Path): The folder; made if missing.
        settings (dict): Settings of the demo.
        fresh (bool): Whether to delete an older demo.

    Returns:
        dict: ``settings``, and what the finished steps gave.

    Raises:
        ValueError: If the folder holds something else, or a demo of other settings.
    """
    path = work_dir / NOTES
    if path.is_file():
        if fresh:
            # Gone at once: a deletion that is interrupted leaves no half of a demo.
            trash = tempfile.mkdtemp(prefix=f'{work_dir.name}-', dir=work_dir.parent)
            work_dir.rename(Path(trash) / work_dir.name)
            shutil.rmtree(trash)
    elif work_dir.exists() and (
        not work_dir.is_dir() or {*os.listdir(work_dir)} - {f'{NOTES}.part'}
    ):
        raise ValueError(
            f'{work_dir} holds something other than a demo; choose a new folder '
            'as --work-dir'
        )
    if path.is_file():
        notes = json.loads(path.read_text())
        if notes['settings'] != settings:
            raise ValueError(
                f'{work_dir} holds a demo of other settings ({notes["settings"]}); '
                'start anew with --fresh, or choose another --work-dir'
            )
        return notes
    work_dir.mkdir(parents=True, exist_ok=True)
    notes = dict(settings=settings)
    _write_notes(work_dir, notes)
    return notes


def _write_notes(work_dir: Path, notes: dict) -> None:
    """Write all at once, so that an interruption leaves the old notes or the new."""
    unfinished = work_dir / f'{NOTES}.part'
    unfinished.write_text(json.dumps(notes, indent=2))
    os.replace(unfinished, work_dir / NOTES)


def _run(
    cfg: Config, work_dir: Path, step: Callable[[Runner], Any]
) -> tuple[Runner, Any]:
    """Build a runner and let it do a step; the console shows progress lines only.

    Everything else that MMEngine says is in its log file.
    """
    cfg = cfg.copy()
    cfg.work_dir = str(work_dir)
    # MMEngine keeps loggers and visualizers by name for the life of the process.
    cfg.experiment_name = cfg.visualizer.name = f'{work_dir.name}_{time.time_ns()}'
    console = sys.stdout
    with open(os.devnull, 'w') as nowhere, contextlib.redirect_stdout(nowhere):
        runner = Runner.from_cfg(cfg)
        # A third faster on CPUs.
        runner.model.to(memory_format=torch.channels_last)
        for handler in runner.logger.handlers:
            if type(handler) is logging.StreamHandler:
                handler.setStream(console)
                handler.addFilter(_is_progress)
        return runner, step(runner)


def _is_progress(record: logging.LogRecord) -> bool:
    return record.levelno >= logging.ERROR or record.getMessage().startswith('Epoch(')


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the demo's arguments to a parser.

    Args:
        parser (argparse.ArgumentParser): The parser; ``config`` is left to the
            caller, who knows where it lies.
    """
    parser.add_argument(
        '--work-dir',
        default='work_dirs/demo',
        help='where everything is written (default: work_dirs/demo)',
    )
    parser.add_argument(
        '--train-images',
        type=int,
        default=2400,
        help='pictures to train on (default: 2400)',
    )
    parser.add_argument(
        '--val-images',
        type=int,
        default=150,
        help='pictures to evaluate on (default: 150)',
    )
    parser.add_argument(
        '--epochs', type=int, help="epochs to train (default: the config's)"
    )
    parser.add_argument(
        '--fresh', action='store_true', help='start anew instead of going on'
    )
    parser.add_argument(
        '--photos',
        nargs='+',
        metavar='PHOTO',
        help=f'photographs of one person each, whose pose {TRAINED_MODEL} finds at the '
        'end',
    )


def main(args: argparse.Namespace) -> int:
    """Run the demo and say what it made.

    Args:
        args (argparse.Namespace): ``config`` and what :func:`add_arguments` adds.

    Returns:
        int: The exit code.
    """
    start = time.monotonic()
    options = vars(args).copy()
    photos, found = options.pop('photos'), None
    photos_dir = Path(args.work_dir, PHOTOS)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter('ignore', UserWarning)
            if photos:  # an error comes before the training
                find_inputs(photos)
                find_model(TRAINED_MODEL)
            result = run_demo(**options)
            if photos:
                logger = MMLogger.get_current_instance()
                logger.setLevel('ERROR')
                found = infer(TRAINED_MODEL, photos, photos_dir, kpt_thr=KPT_THR)
    except (ValueError, OSError) as error:
        print(f'error: {error}', file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print('\nInterrupted. The same command goes on from here.', file=sys.stderr)
        return 130
    minutes, seconds = divmod(round(time.monotonic() - start), 60)
    before, after = result.untrained['coco/AP'], result.trained['coco/AP']
    python = _shorten(sys.executable)
    print(f"""
Done in {minutes} min {seconds} s. AP on {args.val_images} pictures it never saw: \
{before:.3f} untrained, {after:.3f} trained.
  prediction beside truth      {result.predictions}
  loss and AP over the epochs  {result.curve}
  the trained model            {result.checkpoint}""")
    skipped = found.skipped if found else {}
    if found and found.people:
        print(f'  poses in your photographs    {photos_dir / DRAWN}')
    for photo, reason in skipped.items():
        print(f'  not read: {photo}: {reason}')
    print(f"""
What next:
  Find the poses in photos of yours (the demo's own model knows drawn people only):
    {python} tools/infer.py {TRAINED_MODEL} PHOTO.jpg --kpt-thr {KPT_THR}
  Train on COCO, once it lies in data/coco as MMPose's documentation has it:
    {python} tools/train.py {COCO_CONFIG}""")
    return 1 if skipped else 0


def _shorten(path: str | Path) -> Path:
    """The path as seen from here, if it lies below."""
    path = Path(path)
    return path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path
