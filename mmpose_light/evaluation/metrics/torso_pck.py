"""PCK normalized by the torso's diagonal, for COCO keypoints.

MMPose's ``PCKAccuracy(norm_item='torso')`` takes keypoints 4 and 5 as the torso's ends,
which is right for JHMDB alone: of COCO's these are an ear and a shoulder.
"""

from collections.abc import Sequence

import numpy as np
from mmengine.evaluator import BaseMetric
from mmpose.evaluation.functional import keypoint_pck_accuracy
from mmpose.registry import METRICS

DIAGONALS = (('left_shoulder', 'right_hip'), ('right_shoulder', 'left_hip'))


@METRICS.register_module()
class TorsoPCK(BaseMetric):
    """The part of labelled keypoints found within a part of the torso's diagonal.

    The diagonal is the larger of the distances between a shoulder and the opposite
    hip, in the annotation, of those whose two ends are labelled; turned sideways, a
    torso shows at least one of them at length. A person with neither is left out.
    A keypoint is found if it lies nearer to the annotation than ``thr`` of the
    diagonal. PCK is the mean over the keypoints of the part of people on whom each was
    found.

    Args:
        thr (float): The part of the diagonal. Defaults to 0.2
        collect_device (str): Where results of several processes are gathered, 'cpu'
            or 'gpu'. Defaults to 'cpu'
        prefix (str, optional): Prefix of the results' names. Defaults to 'torso'

    Raises:
        ValueError: If ``thr`` is not positive.

    Example:
        >>> metric = TorsoPCK(thr=0.2)
        >>> metric.name
        'PCK@0.2'
    """

    default_prefix = 'torso'

    def __init__(
        self,
        thr: float = 0.2,
        collect_device: str = 'cpu',
        prefix: str | None = None,
    ) -> None:
        super().__init__(collect_device=collect_device, prefix=prefix)
        if not thr > 0:
            raise ValueError(f'thr must be positive, such as 0.2, got {thr}')
        self.thr = thr
        self.name = f'PCK@{thr:g}'

    def process(self, data_batch: Sequence[dict], data_samples: Sequence[dict]) -> None:
        """Take over the predictions of a batch, each with its annotation.

        Keypoints are of shape (1, K, 2), in pixels of the photograph.
        """
        for sample in data_samples:
            truth = sample['gt_instances']
            visible = np.asarray(truth['keypoints_visible'])
            self.results.append(
                dict(
                    predicted=sample['pred_instances']['keypoints'],
                    keypoints=truth['keypoints'],
                    labelled=visible.reshape(len(visible), -1) > 0,
                )
            )

    def compute_metrics(self, results: list[dict]) -> dict[str, float]:
        """Compute PCK over all people.

        Returns:
            dict[str, float]: ``'PCK@0.2'`` (NaN if nobody counts), ``'people'`` who
            count and ``'left_out'`` who do not.
        """
        predicted, keypoints, labelled = (
            np.concatenate([result[key] for result in results])
            for key in ('predicted', 'keypoints', 'labelled')
        )
        index = self.dataset_meta['keypoint_name2id']
        diagonals = torso_diagonals(keypoints, labelled, index)
        counts = diagonals > 0
        _, accuracy, measured = keypoint_pck_accuracy(
            predicted[counts],
            keypoints[counts],
            labelled[counts],
            self.thr,
            np.repeat(diagonals[counts, None], 2, axis=1),
        )
        return {
            self.name: float(accuracy) if measured else float('nan'),
            'people': int(counts.sum()),
            'left_out': int((~counts).sum()),
        }


def torso_diagonals(
    keypoints: np.ndarray, labelled: np.ndarray, index: dict[str, int]
) -> np.ndarray:
    """Measure the torsos of people.

    Args:
        keypoints (np.ndarray): Of shape (N, K, 2), in pixels.
        labelled (np.ndarray): bool, of shape (N, K).
        index (dict[str, int]): The position of each keypoint by its name.

    Returns:
        np.ndarray: Of shape (N,), in pixels; 0 where no diagonal has both ends.
    """
    lengths = []
    for shoulder, hip in DIAGONALS:
        ends = index[shoulder], index[hip]
        length = np.linalg.norm(keypoints[:, ends[0]] - keypoints[:, ends[1]], axis=-1)
        lengths.append(np.where(labelled[:, ends].all(axis=1), length, 0))
    return np.maximum(*lengths)
