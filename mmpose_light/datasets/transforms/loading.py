"""Images for MMPose's pipelines, read as everywhere in this package: upright.

mmcv reads them with OpenCV alone, which passes over the EXIF orientation of WebP and
knows neither GIF nor AVIF, so a model would be trained on other images than it is run
on.
"""

import numpy as np
from mmcv.transforms import LoadImageFromFile
from mmengine.dataset import Compose
from mmengine.fileio import get
from mmpose.datasets.transforms import LoadImage as HostLoadImage
from mmpose.registry import TRANSFORMS

from ...utils.errors import UserError
from ...utils.image_reading import COLOR_TYPES, decode_image


@TRANSFORMS.register_module(force=True)
class LoadImage(HostLoadImage):
    """Load an image, upright, in the place of MMPose's transform of this name.

    What MMPose's reads as it should is read alike, bit for bit. It takes the same
    arguments; with a ``color_type`` other than 'color' and 'grayscale', another
    ``imdecode_backend`` than 'cv2', or ``ignore_empty``, it is MMPose's own.
    """

    def transform(self, results: dict) -> dict | None:
        """Load the image, unless there is one.

        Args:
            results (dict): With ``'img_path'`` or ``'img'``.

        Returns:
            dict: The same, with ``'img'``, ``'img_shape'`` and ``'ori_shape'``.

        Raises:
            UserError: If it is no image; the message names the file.
        """
        plain = self.color_type in COLOR_TYPES and self.imdecode_backend == 'cv2'
        if 'img' not in results and plain and not self.ignore_empty:
            path = results['img_path']
            content = get(path, backend_args=self.backend_args)
            try:
                image = decode_image(content, self.color_type, path, whole=False)
            except UserError as error:
                raise UserError(f'image {path} cannot be read: {error}') from error
            results['img'] = image
        results = super().transform(results)
        if self.to_float32 and results is not None:  # also of an image that was given
            results['img'] = results['img'].astype(np.float32)
        return results


def find_color_type(pipeline: Compose) -> str:
    """Find what a pipeline wants to be given as an image.

    Args:
        pipeline (Compose): A pipeline.

    Returns:
        str: 'grayscale' where its ``LoadImage`` reads such, else 'color'.
    """
    for transform in pipeline.transforms:
        if isinstance(transform, LoadImageFromFile):
            gray = transform.color_type.startswith('grayscale')
            return 'grayscale' if gray else 'color'
    return 'color'
