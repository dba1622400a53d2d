"""The demo's figures: predictions beside the truth, and the training curve."""

from itertools import islice
from pathlib import Path

import cv2
import numpy as np
import torch
from matplotlib.figure import Figure
from mmengine.dataset import pseudo_collate
from mmengine.runner import Runner
from mmpose.structures import merge_data_samples
from mmpose.visualization import PoseLocalVisualizer

from ..utils.files import whole_file
from ..utils.image_reading import read_image
from ..visualization.training_log import read_log

NUM_IMAGES = 6


def draw_predictions(runner: Runner, path: Path) -> None:
    """Draw the truth and beside it the prediction, for some validation images.

    Args:
        runner (Runner): Has the validation set, and the model or its checkpoint.
        path (Path): File to write.
    """
    runner.load_or_resume()
    runner.model.eval()
    dataset = runner.test_dataloader.dataset
    people: dict[str, list[int]] = {}
    for index in range(len(dataset)):
        people.setdefault(dataset.get_data_info(index)['img_path'], []).append(index)
    visualizer = PoseLocalVisualizer(line_width=2, radius=4)
    visualizer.set_dataset_meta(dataset.metainfo)

    figure = Figure(figsize=(12, 3.2 * NUM_IMAGES // 2), layout='constrained')
    axes = figure.subplots(NUM_IMAGES // 2, 4, squeeze=False).reshape(-1, 2)
    for row, (image_path, indices) in zip(
        axes, islice(people.items(), NUM_IMAGES), strict=False
    ):
        batch = pseudo_collate([dataset[index] for index in indices])
        with torch.no_grad():
            sample = merge_data_samples(runner.model.test_step(batch))
        # Twice as large, so that lines and dots do not cover people.
        image = read_image(image_path)[..., ::-1]
        image = cv2.resize(image, None, fx=2, fy=2, interpolation=cv2.INTER_CUBIC)
        for instances in (sample.gt_instances, sample.pred_instances):
            instances.keypoints = 2 * np.asarray(instances.keypoints)
        for axis, title, truth in zip(
            row, ('truth', 'prediction'), (True, False), strict=True
        ):
            drawn = visualizer.add_datasample(
                title, image, sample, draw_gt=truth, draw_pred=not truth
            )
            axis.imshow(drawn)
            axis.set_title(title)
    for axis in axes.flat:
        axis.axis('off')
    with whole_file(path) as part:
        figure.savefig(part, format='png', dpi=100)


def draw_curve(work_dir: Path, path: Path) -> None:
    """Draw loss and AP over the epochs, from the scalars that MMEngine logged.

    Args:
        work_dir (Path): Work directory of the training; all its runs count.
        path (Path): File to write.
    """
    log = read_log(work_dir)
    losses, aps = log.training['loss'], log.metrics.get('coco/AP', {})
    figure = Figure(figsize=(10, 4), layout='constrained')
    left, right = figure.subplots(1, 2)
    left.plot(list(losses), list(losses.values()))
    left.set(xlabel='iteration', ylabel='training loss', ylim=(0, None))
    right.plot(list(aps), list(aps.values()), marker='o')
    right.set(xlabel='epoch', ylabel='validation AP', ylim=(0, 1))
    for axis in (left, right):
        axis.grid(alpha=0.3)
    with whole_file(path) as part:
        figure.savefig(part, format='png', dpi=100)
