"""The poses that the networks of a study find in the same people, side by side."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.figure import Figure
from mmpose.datasets import CocoDataset
from mmpose.datasets.datasets.utils import parse_pose_metainfo

from ..deploy.cropping import Crop, crop_person
from ..deploy.drawing import Skeleton, draw_skeletons
from ..utils.coco_json import read_coco
from ..utils.image_reading import read_image
from .data import Split
from .people import PeopleResults

PEOPLE = 12
SIDE = 192  # pixels of a picture
GRAY, WHITE = (190, 190, 190), 255
TRUTH = 'Annotation'
NAMES = 1.5  # inches for the rows' names


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
    tables: Mapping[str, PeopleResults],
    titles: Mapping[str, str],
    val: Split,
    photographs: bool = True,
) -> Figure:
    """Draw the same people with the poses of each network, a row for each.

    Args:
        tables (Mapping[str, PeopleResults]): What each network gave, by its name.
        titles (Mapping[str, str]): What each is called, likewise.
        val (Split): Annotations and photographs of these people.
        photographs (bool): Whether the photographs are under the poses; else the
            annotation is, in gray. Defaults to ``True``

    Returns:
        Figure: Columns run from the people who are found best to those found worst, in
        the mean over the networks. Under each pose stands its OKS.

    Raises:
        MissingFileError: If annotations or a photograph that is wanted are missing.
    """
    content = val.read() if photographs else read_coco(val.ann_file)
    truths = {person['image_id']: person for person in content['annotations']}
    files = {image['id']: image['file_name'] for image in content['images']}
    first = next(iter(tables.values()))
    chosen = choose_people(list(tables.values()))
    rows = [TRUTH, *(titles[name] for name in tables)]
    size = 1.1 * len(chosen) + NAMES, 1.3 * len(rows)
    figure = Figure(figsize=size, layout='constrained')
    axes = figure.subplots(len(rows), len(chosen), squeeze=False)
    skeleton, index = _take_skeleton(first.names)
    for column, place in enumerate(chosen):
        image_id = int(first.image_ids[place])
        truth = np.reshape(truths[image_id]['keypoints'], (-1, 3))[index]
        photograph = (
            read_image(val.image_dir / files[image_id]) if photographs else None
        )
        crop = _crop(photograph, truths[image_id]['bbox'])
        annotated, seen = _place(truth[:, :2], crop), truth[:, 2] > 0
        under = crop.pixels
        if not photographs:
            under = _draw(under, annotated, seen, _in_gray(skeleton), thickness=7)
        drawn = [_draw(crop.pixels, annotated, seen, skeleton)]
        for axis, table in zip(axes[1:, column], tables.values(), strict=True):
            points = _place(table.keypoints[place], crop)
            drawn.append(_draw(under, points, np.ones(len(points), bool), skeleton))
            axis.set_xlabel(f'{table.oks[place]:.2f}', fontsize='small')
        for axis, picture in zip(axes[:, column], drawn, strict=True):
            axis.imshow(picture[..., ::-1])
            axis.set(xticks=[], yticks=[])
    for title, axis in zip(rows, axes[:, 0], strict=True):
        axis.set_ylabel(title, fontsize='small', rotation=0, ha='right', va='center')
    axes[0, 0].set_title('found best', fontsize='small')
    axes[0, -1].set_title('found worst', fontsize='small')
    return figure


def _take_skeleton(names: Sequence[str]) -> tuple[Skeleton, list[int]]:
    """Return how COCO's people are drawn by some keypoints, and where these stand."""
    meta = parse_pose_metainfo(CocoDataset.METAINFO)
    whole = Skeleton.of_dataset(meta)
    index = [meta['keypoint_name2id'][name] for name in names]
    kept = [place for place, link in enumerate(whole.links) if set(link) <= set(index)]
    some = Skeleton(
        [[index.index(end) for end in whole.links[place]] for place in kept],
        [whole.link_colors[place] for place in kept],
        [whole.keypoint_colors[number] for number in index],
    )
    return some, index


def _in_gray(skeleton: Skeleton) -> Skeleton:
    links, points = skeleton.links, skeleton.keypoint_colors
    return Skeleton(links, [GRAY] * len(links), [GRAY] * len(points))


def _crop(photograph: np.ndarray | None, box: Sequence[float]) -> Crop:
    """Cut a person out, by a box of COCO's; white where there is no photograph."""
    left, top, width, height = box
    corners = np.array([left, top, left + width, top + height])
    paper = np.zeros((1, 1, 3), np.uint8) if photograph is None else photograph
    crop = crop_person(paper, corners, (SIDE, SIDE))
    if photograph is None:
        return crop._replace(pixels=np.full_like(crop.pixels, WHITE))
    return crop


def _place(points: np.ndarray, crop: Crop) -> np.ndarray:
    """Bring points of the photograph, shape (K, 2), into a crop."""
    return (points - crop.center + crop.scale / 2) * SIDE / crop.scale


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
