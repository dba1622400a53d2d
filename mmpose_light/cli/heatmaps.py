"""``mmpose-light heatmaps``: what a model sees of a person, scale by scale."""

import argparse


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.description = (
        "Draw a person's heatmaps over the image: a row for each keypoint, a column "
        'for each scale at which the model works, and one for all scales joined. A '
        'second file, IMAGE_all.png, has the heatmaps of all keypoints at once.'
    )
    parser.add_argument(
        'model',
        help='a top-down model with a heatmap head: its name (`mmpose-light list-models`) '
        'or a config file',
    )
    parser.add_argument('images', nargs='+', metavar='IMAGE', help='image files')
    parser.add_argument(
        '--weights',
        metavar='FILE',
        help="the model's weights (default: the trained model's own, else random ones)",
    )
    parser.add_argument(
        '--out-dir', help='folder of the files (default: work_dirs/heatmaps)'
    )
    parser.add_argument(
        '--bbox',
        type=float,
        nargs=4,
        metavar=('X1', 'Y1', 'X2', 'Y2'),
        help="left, top, right, bottom of the person's box in the one image (default: "
        'the whole image)',
    )
    parser.add_argument(
        '--keypoints',
        nargs='+',
        metavar='KEYPOINT',
        help="names or numbers, or 'all' (default: six spread over the list)",
    )
    parser.add_argument(
        '--device', help='cpu, cuda, cuda:1 … (default: a GPU where there is one)'
    )
    parser.add_argument(
        '--overwrite', action='store_true', help='replace files that are there already'
    )


def main(**options: object) -> None:
    """Draw the heatmaps, and say where they are."""
    from ..visualization.heatmap_pictures import visualize_heatmaps

    for file in visualize_heatmaps(**options):
        print(f'heatmaps in {file.scales}, all keypoints at once in {file.overlay}')
