"""Evaluates the networks of a study once more, person by person."""

import io
from collections.abc import Callable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from matplotlib.figure import Figure
from PIL import Image

from ..engine.quiet_runner import build_runner, say_nothing, silence
from ..utils.errors import MissingFileError, UserError
from ..utils.files import read_json, whole_file
from .data import Split, StudyData
from .intervals import TOLERANCE, read_tables
from .people import PeopleResults, measure_people, table_of, write_people
from .plan import plan_evaluation
from .poses import draw_poses
from .protocol import read_protocol
from .record import FINISHED, METRICS, final_results
from .table import read_records

POSES, DPI = 'poses.png', 80


def evaluate_study(
    work_dir: str | Path,
    data: StudyData | None = None,
    networks: Sequence[str] | None = None,
    checkpoint: str | Path | None = None,
    protocol: str | Path | None = None,
    photographs: bool = True,
    say: Callable[[str], None] = say_nothing,
) -> list[Path]:
    """Write what each finished network gives on each person, and draw its poses.

    Args:
        work_dir (str | Path): Folder of the runs' records and checkpoints. It gets
            ``NETWORK.csv`` for each network, and ``poses.png``: the poses of all that
            have such a table, on the same people.
        data (StudyData, optional): What was validated on. Defaults to ``None``, that in
            ``data/lspet``
        networks (Sequence[str], optional): Which networks. Defaults to ``None``, all
            that are finished and have no table
        checkpoint (str | Path, optional): Weights of the one network, where the run's
            own are elsewhere. Defaults to ``None``
        protocol (str | Path, optional): Config file of the protocol, or its name in
            ``configs/study``. Defaults to ``None``, by the name that the runs tell
        photographs (bool): Whether poses are drawn over the photographs, which may
            often not be published. Defaults to ``True``
        say (Callable[[str], None]): Takes lines on the progress.

    Returns:
        list[Path]: The files that were written.

    Raises:
        MissingFileError: If there are no runs, or weights or data are missing.
        UserError: If a network has no finished run, if the data are not those that it
            was validated on or show several people in an image, or if the weights give
            another AP.
    """
    work_dir, data = Path(work_dir), data or StudyData.below()
    records = read_records(work_dir)
    runs = {r['network']: r for r in records if r['status'] == FINISHED}
    chosen = _choose(work_dir, runs, networks)
    if checkpoint is not None and len(chosen) != 1:
        raise UserError('a checkpoint is that of one network: name it by --networks')
    weights = {name: _find_weights(work_dir, runs[name], checkpoint) for name in chosen}
    drawn = [n for n in runs if n in chosen or table_of(work_dir, n).is_file()]
    _check_data(data.val, [runs[name] for name in drawn])
    if chosen or photographs:
        data.val.read()  # an error comes before the evaluation, not after
    written = []
    for name in chosen:
        say(f'{name}: {weights[name]}')
        written.append(table_of(work_dir, name))
        write_people(written[-1], _evaluate(runs[name], weights[name], data, protocol))
    tables = read_tables(work_dir, records)
    titles = {name: runs[name]['title'] for name in tables}
    figure = draw_poses(tables, titles, data.val, photographs)
    written.append(work_dir / POSES)
    _save(figure, written[-1], few_colours=not photographs)
    return written


def _save(figure: Figure, path: Path, few_colours: bool) -> None:
    """Write a figure, of at most 256 colours where few are enough."""
    picture = io.BytesIO()
    figure.savefig(picture, format='png', dpi=DPI)
    image = Image.open(picture).convert('RGB')
    if few_colours:
        image = image.quantize()
    with whole_file(path) as part:
        image.save(part, format='png', optimize=True)


def _check_data(val: Split, runs: Sequence[dict[str, Any]]) -> None:
    """Complain about data that runs were not validated on."""
    found = val.sha256()
    for record in runs:
        expected = record['settings']['val_sha256']
        if found != expected:
            raise UserError(
                f'{val.ann_file} is not what {record["network"]} was validated on '
                f'(SHA-256 {found[:8]}…, expected {expected[:8]}…): name that by '
                "--data-root and --val-ann; a run's with --limit-images lies in "
                'WORK_DIR/data/val'
            )


def _choose(
    work_dir: Path, runs: dict[str, dict[str, Any]], wanted: Sequence[str] | None
) -> list[str]:
    """Return the networks to evaluate, of those that are finished."""
    if not runs:
        raise UserError('no run is finished: `mmpose-light study run` goes on')
    if wanted is None:
        return [name for name in runs if not table_of(work_dir, name).is_file()]
    for name in wanted:
        if name not in runs:
            raise UserError(
                f'network {name!r} has no finished run here: give some of '
                f'{", ".join(runs)}'
            )
    return list(wanted)


def _find_weights(
    work_dir: Path, record: dict[str, Any], checkpoint: str | Path | None
) -> Path:
    """Return the weights of a run."""
    last = work_dir / record['network'] / f'epoch_{record["epochs"]}.pth'
    weights = Path(checkpoint or last)
    if not weights.is_file():
        raise MissingFileError(
            f'weights {weights} do not exist: --checkpoint names them, with --networks '
            f'{record["network"]}'
        )
    return weights


def _evaluate(
    record: dict[str, Any],
    weights: Path,
    data: StudyData,
    protocol: str | Path | None,
) -> PeopleResults:
    """Evaluate a network as its run did, and return what it gives on each person."""
    protocol = read_protocol(protocol or record['settings']['protocol'])
    with TemporaryDirectory() as folder:
        cfg = plan_evaluation(protocol, record, data, Path(folder))
        cfg.load_from = str(weights)
        prefix = str(Path(folder, 'val'))
        for evaluator in cfg.test_evaluator:
            if 'Coco' in evaluator.type:
                evaluator.outfile_prefix = prefix
        runner = build_runner(cfg)
        with silence():
            metrics = runner.test()
        results = read_json(f'{prefix}.keypoints.json')
    expected, found = final_results(record)['AP'], metrics[METRICS['AP']]
    if abs(found - expected) > TOLERANCE:
        raise UserError(
            f'{weights} gives an AP of {found:.3f}, and the run of '
            f'{record["network"]} ended with {expected:.3f}: they are not its weights'
        )
    meta = runner.test_dataloader.dataset.metainfo
    names = sorted(meta['keypoint_name2id'], key=meta['keypoint_name2id'].get)
    return measure_people(results, data.val.ann_file, names)
