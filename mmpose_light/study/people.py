"""What a network gave on each person of the validation set, in a table of its own.

The record of a run has means over all people; how sure these are, and how sure a
difference between two networks is, needs the people one by one. They stand in
``NETWORK.csv`` beside the record, a line for each: the object keypoint similarity
(OKS), the score that ranks the person for AP, and each keypoint that the data ever
label, as ``x y`` in pixels of the photograph and whether it was found for PCK: ``+``,
or ``-`` for missed; with neither where it does not count.
"""

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ..compat.coco_tools import COCO, COCOeval
from ..engine.quiet_runner import silence
from ..evaluation.metrics.torso_pck import torso_diagonals
from ..utils.errors import MissingFileError, UserError
from ..utils.files import whole_file

COLUMNS = ('image_id', 'score', 'oks')
DIGITS = 6
MARKS = {'+': (True, True), '-': (True, False), '': (False, False)}


@dataclass(frozen=True)
class PeopleResults:
    """What a network gave on N people of K keypoints, one of them in an image.

    Attributes:
        names (tuple[str, ...]): The keypoints' names.
        image_ids (np.ndarray): The images, shape (N,), in rising order.
        scores (np.ndarray): The people's scores, by which AP ranks them, shape (N,).
        oks (np.ndarray): Their object keypoint similarities, 0 to 1, shape (N,).
        keypoints (np.ndarray): In pixels of the photograph, shape (N, K, 2).
        counted (np.ndarray): Keypoints that count for PCK: those labelled, of people
            whose torso has a diagonal; bool, shape (N, K).
        found (np.ndarray): Those of them that were found; bool, shape (N, K).
    """

    names: tuple[str, ...]
    image_ids: np.ndarray
    scores: np.ndarray
    oks: np.ndarray
    keypoints: np.ndarray
    counted: np.ndarray
    found: np.ndarray


def measure_people(
    results: list[dict[str, Any]],
    ann_file: str | Path,
    names: Sequence[str],
    thr: float = 0.2,
) -> PeopleResults:
    """Compare results with annotations, person by person.

    Args:
        results (list[dict]): As COCO wants them: ``image_id``, ``category_id``,
            ``keypoints`` and ``score`` of each person.
        ann_file (str | Path): The annotations, in COCO's format.
        names (Sequence[str]): The keypoints' names.
        thr (float): The part of the torso's diagonal within which a keypoint is found.
            Defaults to 0.2

    Returns:
        PeopleResults: In the order of the images' ids, with the keypoints that are ever
        labelled.

    Raises:
        UserError: If an image has several people or results, or none.
    """
    with silence():
        coco = COCO(str(ann_file))
        evaluator = COCOeval(coco, coco.loadRes(results))
        evaluator.evaluate()
    ids = sorted(coco.getImgIds())
    people = [person for i in ids for person in coco.imgToAnns[i]]
    if [person['image_id'] for person in people] != ids:
        raise UserError(
            f'{ann_file} has images of several people or of none: results person by '
            'person want one in each image'
        )
    by_image = {result['image_id']: result for result in results}
    if set(by_image) != set(ids) or len(results) != len(ids):
        raise UserError(
            f'{len(results)} results for {len(ids)} people of {ann_file}: one each is '
            'expected'
        )
    truth = np.array([person['keypoints'] for person in people], float)
    truth = truth.reshape(len(ids), -1, 3)
    predicted = np.array([by_image[i]['keypoints'] for i in ids]).reshape(truth.shape)
    keypoints, visible = predicted[..., :2], truth[..., 2] > 0
    index = {name: number for number, name in enumerate(names)}
    diagonals = torso_diagonals(truth[..., :2], visible, index)[:, None]
    missed_by = np.linalg.norm(keypoints - truth[..., :2], axis=-1)
    counted = visible & (diagonals > 0)
    found = counted & (missed_by < thr * diagonals)
    ever = visible.any(axis=0)
    oks = [evaluator.ious[p['image_id'], p['category_id']] for p in people]
    return PeopleResults(
        tuple(np.array(names)[ever].tolist()),
        np.array(ids),
        np.array([by_image[i]['score'] for i in ids]),
        np.array([np.max(similarity, initial=0) for similarity in oks]),
        keypoints[:, ever],
        counted[:, ever],
        found[:, ever],
    )


def table_of(work_dir: str | Path, network: str) -> Path:
    """Return where the table of a run lies."""
    return Path(work_dir, f'{network}.csv')


def write_people(path: str | Path, people: PeopleResults) -> None:
    """Write the table, all at once."""
    marks = {flags: mark for mark, flags in MARKS.items()}
    with whole_file(path) as part, part.open('w', newline='') as file:
        writer = csv.writer(file, lineterminator='\n')
        writer.writerow([*COLUMNS, *people.names])
        flags = np.stack([people.counted, people.found], axis=-1)
        for image_id, score, oks, keypoints, flags_of_one in zip(
            people.image_ids,
            people.scores,
            people.oks,
            people.keypoints.round().astype(int).tolist(),
            flags.tolist(),
            strict=True,
        ):
            cells = [
                f'{x} {y} {marks[tuple(flag)]}'.rstrip()
                for (x, y), flag in zip(keypoints, flags_of_one, strict=True)
            ]
            figures = [f'{figure:.{DIGITS}g}' for figure in (score, oks)]
            writer.writerow([image_id, *figures, *cells])


def read_people(path: str | Path) -> PeopleResults:
    """Read the table.

    Raises:
        MissingFileError: If there is none.
        UserError: If it is none, or lacks something.
    """
    remedy = '`mmpose-light study evaluate` writes it'
    try:
        with Path(path).open(newline='', encoding='utf-8') as file:
            head, *rows = list(csv.reader(file)) or [[]]
    except FileNotFoundError as error:
        raise MissingFileError(f'{path} does not exist: {remedy}') from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise UserError(f'{path} is no table of people ({error}): {remedy}') from error
    try:
        if tuple(head[: len(COLUMNS)]) != COLUMNS or not rows:
            raise ValueError(f'its columns are {", ".join(head)}')
        ids, scores, oks, *cells = zip(*rows, strict=True)
        if len(cells) != len(head) - len(COLUMNS):
            raise ValueError('a line is short')
        read = [[_read_cell(cell) for cell in column] for column in cells]
        keypoints, flags = (
            np.array([[cell[part] for cell in column] for column in read])
            for part in (0, 1)
        )
        return PeopleResults(
            tuple(head[len(COLUMNS) :]),
            np.array(ids, int),
            np.array(scores, float),
            np.array(oks, float),
            keypoints.swapaxes(0, 1),
            *flags.transpose(2, 1, 0),
        )
    except (ValueError, KeyError) as error:
        raise UserError(f'{path} is no table of people ({error}): {remedy}') from error


def _read_cell(cell: str) -> tuple[tuple[int, int], tuple[bool, bool]]:
    """Return a keypoint, and whether it counts and was found."""
    x, y, *mark = cell.split(' ')
    return (int(x), int(y)), MARKS[''.join(mark)]
