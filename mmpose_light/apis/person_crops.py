"""People cut out of images exactly as a model sees them when it is tested."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from mmengine.dataset import Compose
from mmpose.utils.typing import ConfigType

from ..datasets.synthetic_people import draw_image
from ..datasets.transforms.loading import find_color_type
from ..deploy.cropping import fit_channels
from ..utils.errors import UserError
from ..utils.image_reading import read_image
from .given_boxes import GivenBoxes
from .inputs import find_images


def crop_people(
    config: ConfigType,
    images: str | Path | Sequence[str | Path],
    ann_file: str | Path | None = None,
    count: int | None = None,
) -> np.ndarray:
    """Cut people out of images.

    Args:
        config (ConfigType): The model's config, whose test pipeline makes the crops.
        images (str | Path | Sequence): Images, folders of images, glob patterns.
        ann_file (str | Path, optional): COCO annotations with the boxes of the people
            on them. Defaults to ``None``, each image is one person
        count (int, optional): The most people to take, from all over the images.
            Defaults to ``None``, all

    Returns:
        np.ndarray: The crops, BGR or gray, uint8, shape (N, H, W, C).

    Raises:
        MissingFileError: If an image or the annotation file does not exist.
        UserError: If an image cannot be read, none has a person, or a file is
            something else.
    """
    paths = find_images(images)
    if ann_file is None:
        people = [(path, None, None) for path in paths]
    else:
        given = GivenBoxes.from_files(ann_file=ann_file)
        ids = given.find_ids(paths)
        people = [
            (paths[index], image_id, box)
            for index, image_id in ids.items()
            for box in given.boxes[image_id]
        ]
    if count is not None and len(people) > count:
        chosen = np.linspace(0, len(people) - 1, count).round().astype(int)
        people = [people[index] for index in chosen]
    pipeline = Compose(config.test_dataloader.dataset.pipeline)
    color_type = find_color_type(pipeline)
    crops = []
    for path, image_id, box in people:
        image = read_image(path, color_type)
        if box is not None:
            try:
                (box,) = given.fit(image_id, image, box[None])
            except UserError as error:
                raise UserError(f'image {path} cannot be used: {error}') from error
        crops.append(_crop(pipeline, image, box))
    return np.stack(crops)


def crop_synthetic_people(config: ConfigType, count: int = 2) -> np.ndarray:
    """Cut out drawn people, where there are no photographs.

    Args:
        config (ConfigType): The model's config, whose test pipeline makes the crops.
        count (int): How many. Defaults to 2

    Returns:
        np.ndarray: The crops, BGR or gray, uint8, shape (N, H, W, C).
    """
    pipeline = Compose(config.test_dataloader.dataset.pipeline)
    drawn = [draw_image(0, index, max_people=1) for index in range(count)]
    return np.stack([_crop(pipeline, one.image, None) for one in drawn])


def _crop(pipeline: Compose, image: np.ndarray, box: np.ndarray | None) -> np.ndarray:
    """Cut one person out; the whole image where there is no box."""
    image = fit_channels(image, find_color_type(pipeline))
    height, width = image.shape[:2]
    corners = (0, 0, width, height) if box is None else box[:4]
    person = pipeline(
        dict(
            img=image,
            img_path='',
            bbox=np.array([corners], np.float32),
            bbox_score=np.ones(1, np.float32),
        )
    )
    return person['inputs'].numpy().transpose(1, 2, 0)
