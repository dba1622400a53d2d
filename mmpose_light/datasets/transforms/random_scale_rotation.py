"""Random scale and rotation of the box, drawn as HRNet draws them.

Paper: `HRNet <https://arxiv.org/abs/1902.09212>`_, Section 4.1, whose ranges (scale
±35%, rotation ±45° on COCO) EL-HRNet and EEffPose take over. In HRNet's own training
such a figure is the standard deviation of a normal distribution, clipped at ±1 times
the figure for the scale and at ±2 times for the rotation. MMPose's
``RandomBBoxTransform`` draws from a truncated normal distribution inside the range:
with the same figures its scales spread 0.19 where HRNet's spread 0.25, its rotations
19° where HRNet's spread 33°.
"""

import numpy as np
from mmcv.transforms.utils import cache_randomness
from mmpose.datasets.transforms import RandomBBoxTransform
from mmpose.registry import TRANSFORMS


@TRANSFORMS.register_module()
class RandomScaleRotation(RandomBBoxTransform):
    """Resize and rotate the boxes at random, as HRNet's training does.

    A scale is drawn from a normal distribution around 1 and clipped at
    ``1 ± scale_factor``: about a third of the draws lie at the limits. A rotation is
    drawn around 0 and clipped at ``± 2 * rotate_factor``. The boxes are not shifted.
    Keys of the results are those of MMPose's ``RandomBBoxTransform``.

    Args:
        scale_factor (float): Standard deviation of the scale, in [0, 1); HRNet takes
            0.35 on COCO and 0.25 on MPII. Defaults to 0.35
        rotate_factor (float): Standard deviation of the rotation in degrees; HRNet
            takes 45 on COCO and 30 on MPII. Defaults to 45
        rotate_prob (float): Probability that a box is rotated at all. Defaults to 0.6

    Raises:
        ValueError: If a factor or the probability is out of its range.

    Example:
        >>> import numpy as np
        >>> from mmpose_light.datasets import RandomScaleRotation
        >>> box = dict(bbox_center=np.array([[50., 80.]]), bbox_scale=np.array([[60., 80.]]))
        >>> sorted(RandomScaleRotation()(box))
        ['bbox_center', 'bbox_rotation', 'bbox_scale']
    """

    def __init__(
        self,
        scale_factor: float = 0.35,
        rotate_factor: float = 45.0,
        rotate_prob: float = 0.6,
    ) -> None:
        if not 0 <= scale_factor < 1:
            raise ValueError(f'scale_factor must be in [0, 1), but got {scale_factor}')
        if rotate_factor < 0:
            raise ValueError(
                f'rotate_factor must be 0 or more, but got {rotate_factor}'
            )
        if not 0 <= rotate_prob <= 1:
            raise ValueError(f'rotate_prob must be in [0, 1], but got {rotate_prob}')
        super().__init__(
            shift_prob=0.0,
            scale_factor=(1 - scale_factor, 1 + scale_factor),
            rotate_factor=rotate_factor,
            rotate_prob=rotate_prob,
        )
        self.scale_std = scale_factor

    @cache_randomness
    def _get_transform_params(
        self, num_bboxes: int
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Draw shift (always 0), scale (n, 1) and rotation in degrees (n, )."""
        shift = np.zeros((num_bboxes, 2), np.float32)
        scale = 1 + self.scale_std * np.random.randn(num_bboxes, 1)
        rotation = self.rotate_factor * np.random.randn(num_bboxes)
        limit = 2 * self.rotate_factor
        rotated = np.random.rand(num_bboxes) < self.rotate_prob
        return (
            shift,
            scale.clip(*self.scale_factor).astype(np.float32),
            np.where(rotated, rotation.clip(-limit, limit), 0).astype(np.float32),
        )
