"""The poses that the networks of a study find in the same people, side by side."""

from collections.abc import Mapping, Sequence

import cv2
import numpy as np
from matplotlib.figure import Figure
from mmpose.datasets import CocoDataset
from mmpose.datasets.datasets.utils import parse_pose_metainfo

from ..deploy.drawing import Skeleton, draw_skeletons
from ..utils.image_reading import read_image
from .data import Split
from .people import PeopleResults

PEOPLE = 12
#: Of a picture: the pixels of its side; the box and its surroundings fill it.
SIDE, PADDING = 192, 1.25
GRAY, WHITE = (190, 190, 190), 255
TRUTH = 'Annotation'


def choose_people(people: Sequence[PeopleResults], number: int = PEOPLE) -> list[int]:
    """Choose people from those whom the networks find best to those they find worst.

    Args:
        people (Sequence[PeopleResults]): The same people, of each network.
        number (int): How many. Defaults to 12

    Returns:
        list[int]: Their places in the tables, at even steps of the mean OKS's order.
    """
    order = np.argsort(-np.mean([table.oks for table in people], axis=0), kind='stable')
    steps = np.linspace(0, len(order) - 1, min(number, len(order)))
    return order[steps.round().astype(int)].tolist()


def draw_poses(
    networks: Mapping[str, PeopleResults], val: Split, photographs: bool = True
) -> Figure:
    """Draw the same people with the poses of each network, a row for each.

    Args:
        networks (Mapping[str, PeopleResults]): What each network gave, by its title.
        val (Split): Annotations and photographs of these people.
        photographs (bool): Whether the photographs are under the poses; else the
            annotation is, in gray. Defaults to ``True``

    Returns:
        Figure: Columns run from the people who are found best to those found worst, in
        the mean over the networks. Under each pose stands its OKS.
    """
    content = val.read()
    truths = {person['image_id']: person for person in content['annotations']}
    files = {image['id']: image['file_name'] for image in content['images']}
    tables = list(networks.values())
    chosen = choose_people(tables)
    rows = [TRUTH, *networks]
    figure = Figure(figsize=(1.1 * len(chosen), 1.3 * len(rows)), layout='constrained')
    axes = figure.subplots(len(rows), len(chosen), squeeze=False)
    skeleton, index = _take_skeleton(tables[0].names)
    for column, place in enumerate(chosen):
        image_id = int(tables[0].image_ids[place])
        person = truths[image_id]
        truth = np.reshape(person['keypoints'], (-1, 3))[index]
        corner, scale = _frame(person['bbox'])
        canvas = _fill(val, files[image_id], corner, scale, photographs)
        labelled, seen = (truth[:, :2] - corner) * scale, truth[:, 2] > 0
        grays = Skeleton(
            skeleton.links, [GRAY] * len(skeleton.links), [GRAY] * len(index)
        )
        under = canvas
        if not photographs:
            under = _draw(canvas, labelled, seen, grays, thickness=7)
        axes[0, column].imshow(_draw(canvas, labelled, seen, skeleton)[..., ::-1])
        for axis, table in zip(axes[1:, column], tables, strict=True):
            points = (table.keypoints[place] - corner) * scale
            drawn = _draw(under, points, np.ones(len(points), bool), skeleton)
            axis.imshow(drawn[..., ::-1])
            axis.set_xlabel(f'{table.oks[place]:.2f}', fontsize='small')
    for title, axis in zip(rows, axes[:, 0], strict=True):
        axis.set_ylabel(title, fontsize='small')
    for axis in axes.flat:
        axis.set(xticks=[], yticks=[])
    axes[0, 0].set_title('found best', fontsize='small')
    axes[0, -1].set_title('found worst', fontsize='small')
    return figure


def _take_skeleton(names: Sequence[str]) -> tuple[Skeleton, list[int]]:
    """Return how COCO's people are drawn by some keypoints, and where these stand."""
    meta = parse_pose_metainfo(CocoDataset.METAINFO)
    index = [meta['keypoint_name2id'][name] for name in names]
    kept = [
        (place, [index.index(end) for end in link])
        for place, link in enumerate(meta['skeleton_links'])
        if set(link) <= set(index)
    ]
    return (
        Skeleton(
            [link for _, link in kept],
            [meta['skeleton_link_colors'][place] for place, _ in kept],
            [meta['keypoint_colors'][number] for number in index],
        ),
        index,
    )


def _frame(box: Sequence[float]) -> tuple[np.ndarray, float]:
    """Return corner and scale of the square picture of a person's box (x, y, w, h)."""
    left, top, width, height = box
    side = PADDING * max(width, height)
    center = np.array([left + width / 2, top + height / 2])
    return center - side / 2, SIDE / side


def _fill(
    val: Split, file_name: str, corner: np.ndarray, scale: float, photographs: bool
) -> np.ndarray:
    """Return the picture under the poses, BGR."""
    if not photographs:
        return np.full((SIDE, SIDE, 3), WHITE, np.uint8)
    photograph = read_image(val.image_dir / file_name)
    place = np.array([[scale, 0, 0], [0, scale, 0]])
    place[:, 2] = -corner * scale
    return cv2.warpAffine(photograph, place, (SIDE, SIDE))


def _draw(
    canvas: np.ndarray,
    points: np.ndarray,
    seen: np.ndarray,
    skeleton: Skeleton,
    thickness: int = 3,
) -> np.ndarray:
    return draw_skeletons(
        canvas,
        points[None],
        seen[None].astype(float),
        skeleton,
        kpt_thr=0.5,
        radius=thickness,
        thickness=thickness,
    )
