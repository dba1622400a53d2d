"""A run over many images: what it holds of them at a time."""

import shutil
import weakref
from functools import partial

import cv2
import numpy as np

from mmpose_light.apis import inference
from mmpose_light.apis.inference import Inference, Run
from mmpose_light.apis.people import estimate_people
from mmpose_light.deploy.drawing import Skeleton
from mmpose_light.utils.overlap import WAITING

COUNT, BATCH = 2000, 4


class Still:
    """A model that is quick: every pose is one point."""

    skeleton = Skeleton([], [], [[0, 0, 0]])
    color_type = 'color'

    def crop(self, image, boxes):
        return list(boxes)

    def estimate_crops(self, crops):
        return np.zeros((len(crops), 1, 2)), np.ones((len(crops), 1))


def test_few_of_many_images_are_held_at_a_time(tmp_path, monkeypatch):
    file = tmp_path / 'one.png'
    cv2.imwrite(str(file), np.zeros((8, 8, 3), np.uint8))
    decode, held, most = inference.decode_image, set(), []

    def decode_and_count(*args):
        image = decode(*args)
        held.add(id(image))
        weakref.finalize(image, held.discard, id(image))
        most.append(len(held))
        return image

    monkeypatch.setattr(inference, 'decode_image', decode_and_count)
    paths = []
    for number in range(COUNT):
        path = tmp_path / f'{number}.png'
        shutil.copyfile(file, path)
        paths.append(str(path))
    done = Inference({path: f'{number}' for number, path in enumerate(paths)})
    run = Run(
        Still(),
        partial(estimate_people, batch_size=BATCH),
        dict(kpt_thr=0),
        done,
        drawn_dir=None,
        json_dir=tmp_path / 'out',
        progress=lambda what, done, total: None,
    )
    run.images(paths)
    assert len(done.people) == len(most) == COUNT
    # read ahead, in the batch, being worked on, and waiting to be written
    assert max(most) <= WAITING + BATCH + WAITING + 3
    assert not held
