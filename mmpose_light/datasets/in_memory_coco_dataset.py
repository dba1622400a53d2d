"""CocoDataset that decodes its images once and keeps them in memory."""

import functools
from concurrent.futures import ThreadPoolExecutor

import mmcv
import numpy as np
from mmengine.dataset import BaseDataset
from mmpose.datasets import CocoDataset
from mmpose.registry import DATASETS


@functools.cache
def read_image(path: str) -> np.ndarray:
    """Decode an image as ``LoadImage`` does, the first time it is asked for.

    It is kept for the life of the process, and cannot be written to.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If it is no image.
    """
    image = mmcv.imread(path)
    if image is None:
        raise ValueError(f'{path} is no image that OpenCV can read: copy it again')
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
            FileNotFoundError: If an image is missing.
            ValueError: If one cannot be read.
        """
        if self._fully_initialized:
            return
        super().full_init()
        infos = (BaseDataset.get_data_info(self, i) for i in range(len(self)))
        with ThreadPoolExecutor() as pool:
            for _ in pool.map(read_image, sorted({i['img_path'] for i in infos})):
                pass

    def get_data_info(self, idx: int) -> dict:
        """Return what ``CocoDataset`` does, and the image as ``'img'``."""
        info = super().get_data_info(idx)
        info['img'] = read_image(info['img_path'])
        return info
