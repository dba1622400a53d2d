"""CocoDataset that decodes its images once and keeps them in memory."""

import functools
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from mmengine.dataset import BaseDataset
from mmpose.datasets import CocoDataset
from mmpose.registry import DATASETS

from ..utils.image_reading import read_image
from .transforms.loading import find_color_type


@functools.cache
def keep_image(path: str, color_type: str = 'color') -> np.ndarray:
    """Read an image, the first time it is asked for.

    It is kept for the life of the process, and cannot be written to.

    Raises:
        MissingFileError: If there is no such file.
        UserError: If it is no image.
    """
    image = read_image(path, color_type)
    image.flags.writeable = False
    return image


@DATASETS.register_module()
class InMemoryCocoDataset(CocoDataset):
    """MMPose's COCO data set, with all images decoded when it is built.

    Data loaders that fork their workers share them, and so do all data sets of a
    process, so that a study decodes each image once. Takes the arguments of
    ``CocoDataset``.
    """

    def full_init(self) -> None:
        """Read the annotations and the images.

        Raises:
            MissingFileError: If an image is missing.
            UserError: If one cannot be read.
        """
        if self._fully_initialized:
            return
        super().full_init()
        infos = (BaseDataset.get_data_info(self, i) for i in range(len(self)))
        with ThreadPoolExecutor() as pool:
            for _ in pool.map(self._read, sorted({i['img_path'] for i in infos})):
                pass

    def get_data_info(self, idx: int) -> dict:
        """Return what ``CocoDataset`` does, and the image as ``'img'``."""
        info = super().get_data_info(idx)
        info['img'] = self._read(info['img_path'])
        return info

    def _read(self, path: str) -> np.ndarray:
        return keep_image(path, find_color_type(self.pipeline))
