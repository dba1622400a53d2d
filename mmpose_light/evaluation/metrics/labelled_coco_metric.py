"""CocoMetric that ranks people by the keypoints the data label.

COCO's AP ranks predictions by their scores, and CocoMetric takes as score of a person
the mean over its keypoints' scores. Where the data never label some keypoints (LSPET
has none in the face), no network learned what to answer there: some answer low, others
(a product of normalized sigmoids) anything. Such answers are no part of the pose and
must not decide on its rank.
"""

import functools
from collections.abc import Sequence

import numpy as np
from mmpose.evaluation.metrics import CocoMetric
from mmpose.registry import METRICS


@METRICS.register_module()
class LabelledCocoMetric(CocoMetric):
    """MMPose's CocoMetric; keypoints that no annotation labels score nothing.

    They fall under ``keypoint_score_thr`` and do not count for the person's score. OKS
    leaves them out anyway. Takes the arguments of ``CocoMetric``; ``ann_file`` has to
    be given.

    Raises:
        ValueError: If ``ann_file`` is not given.
    """

    def __init__(self, ann_file: str | None = None, **kwargs) -> None:
        if ann_file is None:
            raise ValueError(
                'LabelledCocoMetric needs ann_file: the annotations tell which '
                'keypoints are ever labelled'
            )
        super().__init__(ann_file=ann_file, **kwargs)

    @functools.cached_property
    def labelled(self) -> np.ndarray:
        """np.ndarray: Which keypoints any annotation labels, of shape (K,)."""
        keypoints = [ann['keypoints'] for ann in self.coco.anns.values()]
        return (np.reshape(keypoints, (len(keypoints), -1, 3))[..., 2] > 0).any(axis=0)

    def process(self, data_batch: Sequence[dict], data_samples: Sequence[dict]) -> None:
        """Take over the predictions of a batch; see the base class."""
        first = len(self.results)
        super().process(data_batch, data_samples)
        for prediction, _ in self.results[first:]:
            prediction['keypoint_scores'] = prediction['keypoint_scores'] * (
                self.labelled
            )
