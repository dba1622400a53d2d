"""The demo: train a small EL-HRNet on synthetic people and show what it learned.

Each step leaves a file that is written at once, so a demo that was interrupted goes on
where it stopped: data that are whole are not drawn again, training resumes from the
newest checkpoint that can be read, finished steps are skipped.

Given images, it ends by finding poses in them, with the weights that come with this
package: a network that has seen drawn people only knows none of flesh and blood.
"""

import os
import shutil
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from mmengine import Config
from mmengine.runner import Runner
from mmengine.utils import digit_version

from ..apis.infer import Inference, infer
from ..apis.inputs import find_inputs
from ..apis.models import DEFAULT_MODEL, find_model
from ..checkpoints.loading import find_whole_checkpoint
from ..datasets.synthetic_people import write_synthetic_people
from ..engine.quiet_runner import build_runner, say_nothing, silence
from ..utils.errors import MissingFileError, UserError
from ..utils.files import read_json, write_json
from ..utils.repository import find_repository
from ..utils.threads import set_torch_threads
from ..visualization.training_log import read_log
from .figures import draw_curve, draw_predictions

CONFIG = 'configs/demo/td-hm_el-hrnet-w32_1xb16-4e_synthetic-128x96.py'
TRAIN_SEED, VAL_SEED = 0, 1
MAX_PEOPLE = 1  # in an image: minutes do not suffice to learn crowds
NOTES = 'demo.json'
PREDICTIONS, CURVE = 'predictions.png', 'curve.png'
AP = 'coco/AP'


@dataclass(frozen=True)
class DemoResult:
    """What a demo made.

    Attributes:
        untrained (dict[str, float]): CocoMetric's results before training.
        trained (dict[str, float]): The same after training.
        checkpoint (Path): The trained model.
        predictions (Path): Image of predictions beside the truth.
        curve (Path): Image of loss and AP over the epochs.
        poses (Path): Folder of what was found in the images that were given.
        found (Inference, optional): The same in numbers; ``None`` without images.
    """

    untrained: dict[str, float]
    trained: dict[str, float]
    checkpoint: Path
    predictions: Path
    curve: Path
    poses: Path
    found: Inference | None = None


def run_demo(
    config: str | Path | None = None,
    work_dir: str | Path = 'work_dirs/demo',
    train_images: int = 2400,
    val_images: int = 150,
    epochs: int | None = None,
    images: Sequence[str | Path] | None = None,
    overwrite: bool = False,
    say: Callable[[str], None] = say_nothing,
) -> DemoResult:
    """Draw synthetic people, train on them, evaluate before and after, make figures.

    Called again after an interruption, it goes on.

    Args:
        config (str | Path, optional): Config file of the model and its training.
            Defaults to ``None``, the demo's own
        work_dir (str | Path): Where everything is written. Defaults to
            'work_dirs/demo'
        train_images (int): Images to train on. Defaults to 2400
        val_images (int): Images to evaluate on. Defaults to 150
        epochs (int, optional): Epochs to train. Defaults to ``None``, those of the
            config
        images (Sequence[str | Path], optional): Images of one person each, whose pose
            the trained model of this package finds at the end. Defaults to ``None``
        overwrite (bool): Start anew instead of going on. Defaults to ``False``
        say (Callable[[str], None]): Takes lines on the progress. Defaults to
            :func:`~mmpose_light.engine.quiet_runner.say_nothing`

    Returns:
        DemoResult: Figures and files.

    Raises:
        UserError: If a number is not positive, or ``work_dir`` holds something
            else, or a demo of other settings.
        MissingFileError: If the config or an image does not exist.
    """
    work_dir = Path(work_dir)
    if images:  # an error comes before the training
        find_inputs(images)
        find_model(DEFAULT_MODEL)
    cfg = _read_config(config, epochs)
    settings = _make_settings(cfg, train_images, val_images)
    notes = open_notes(work_dir, settings, overwrite)
    set_torch_threads()

    say('1/4 Synthetic people')
    _draw_data(cfg, work_dir / 'data', train_images, val_images)
    say('2/4 Evaluation of the untrained network')
    if 'untrained' not in notes:
        notes['untrained'] = _do(cfg, work_dir / 'untrained', Runner.test, say)
        write_json(work_dir / NOTES, notes)
    say(f'3/4 Training, {settings["epochs"]} epochs')
    checkpoint = _train(cfg, work_dir, say)
    say('4/4 Figures')
    if 'trained' not in notes:
        cfg.load_from, cfg.resume = str(checkpoint), False
        notes['trained'] = _show(cfg, work_dir, say)
        write_json(work_dir / NOTES, notes)
    poses = work_dir / 'poses'
    return DemoResult(
        untrained=notes['untrained'],
        trained=notes['trained'],
        checkpoint=checkpoint,
        predictions=work_dir / PREDICTIONS,
        curve=work_dir / CURVE,
        poses=poses,
        found=infer(None, images, poses) if images else None,
    )


def open_notes(work_dir: Path, settings: dict, overwrite: bool) -> dict:
    """Read what a demo noted down in its folder, or begin a new one.

    Args:
        work_dir (Path): The folder; made if missing.
        settings (dict): Settings of the demo.
        overwrite (bool): Whether to delete an older demo.

    Returns:
        dict: ``settings``, and what the finished steps gave.

    Raises:
        UserError: If the folder holds something else, or a demo of other settings.
    """
    path = work_dir / NOTES
    if path.is_file() and overwrite:
        # Gone at once: a deletion that is interrupted leaves no half of a demo.
        trash = tempfile.mkdtemp(prefix=f'{work_dir.name}-', dir=work_dir.parent)
        work_dir.rename(Path(trash) / work_dir.name)
        shutil.rmtree(trash)
    if path.is_file():
        notes = read_json(path, 'start anew with --overwrite')
        if notes['settings'] != settings:
            raise UserError(
                f'{work_dir} holds a demo of other settings ({notes["settings"]}); '
                'start anew with --overwrite, or choose another --work-dir'
            )
        return notes
    if work_dir.exists() and not (work_dir.is_dir() and _is_empty(work_dir)):
        raise UserError(
            f'{work_dir} holds something other than a demo; choose a new folder '
            'as --work-dir'
        )
    notes = dict(settings=settings)
    write_json(path, notes)
    return notes


def _is_empty(folder: Path) -> bool:
    """Return whether a folder holds nothing but notes that were being written."""
    return all(name.startswith(f'.{NOTES}.') for name in os.listdir(folder))


def _read_config(path: str | Path | None, epochs: int | None) -> Config:
    path = find_repository() / CONFIG if path is None else Path(path)
    if not path.is_file():
        raise MissingFileError(f'config {path} does not exist: leave --config out')
    cfg = Config.fromfile(path)
    if epochs is not None:
        cfg.train_cfg.max_epochs = epochs
    if digit_version(torch.__version__) >= digit_version('2.4'):
        cfg.optim_wrapper.optimizer.fused = True  # on CPUs, too
    return cfg


def _make_settings(cfg: Config, train_images: int, val_images: int) -> dict:
    """Return what makes two demos the same."""
    numbers = dict(
        train_images=train_images,
        val_images=val_images,
        epochs=cfg.train_cfg.max_epochs,
    )
    for name, number in numbers.items():
        if number < 1:
            raise UserError(f'{name} must be at least 1, got {number}')
    return dict(config=Path(cfg.filename).stem, **numbers)


def _draw_data(cfg: Config, folder: Path, train_images: int, val_images: int) -> None:
    """Draw what is not drawn yet, and let the config know where it is."""
    write_synthetic_people(
        folder, train_images, TRAIN_SEED, split='train', max_people=MAX_PEOPLE
    )
    ann_file = write_synthetic_people(
        folder, val_images, VAL_SEED, split='val', max_people=MAX_PEOPLE
    )
    for loader in (cfg.train_dataloader, cfg.val_dataloader, cfg.test_dataloader):
        loader.dataset.data_root = str(folder)
    cfg.val_evaluator.ann_file = cfg.test_evaluator.ann_file = str(ann_file)


def _train(cfg: Config, work_dir: Path, say: Callable[[str], None]) -> Path:
    """Train, or go on with it, unless it is done; return the last checkpoint."""
    checkpoint = work_dir / f'epoch_{cfg.train_cfg.max_epochs}.pth'
    newest = find_whole_checkpoint(work_dir, say)
    if newest != str(checkpoint):
        if newest is not None:
            say(f'Going on from {newest}')
            cfg.load_from, cfg.resume = newest, True
        _do(cfg, work_dir, Runner.train, say)
    return checkpoint


def _show(cfg: Config, work_dir: Path, say: Callable[[str], None]) -> dict[str, float]:
    """Draw what the trained model finds and how it came to; return its results."""
    trained = _read_results(work_dir, cfg.train_cfg.max_epochs)
    if trained is None:  # interrupted between checkpoint and evaluation
        trained = _do(cfg, work_dir / 'trained', Runner.test, say)

    def draw(runner: Runner) -> None:
        draw_predictions(runner, work_dir / PREDICTIONS)

    _do(cfg, work_dir / 'trained', draw, say)
    draw_curve(work_dir, work_dir / CURVE)
    return trained


def _do(
    cfg: Config,
    work_dir: Path,
    step: Callable[[Runner], Any],
    say: Callable[[str], None],
) -> Any:
    """Build a runner and let it do a step; return what that returns."""
    cfg = cfg.copy()
    cfg.work_dir = str(work_dir)
    runner = build_runner(cfg, say)
    # A third faster on CPUs.
    runner.model.to(memory_format=torch.channels_last)
    with silence():
        return step(runner)


def _read_results(work_dir: Path, epochs: int) -> dict[str, float] | None:
    """Return what the evaluation after the last epoch gave, None if there was none."""
    metrics = read_log(work_dir).metrics
    if epochs not in metrics.get(AP, {}):
        return None
    return {name: values[epochs] for name, values in metrics.items()}
