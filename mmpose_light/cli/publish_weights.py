"""``mmpose-light publish-weights``: a checkpoint small enough to be passed on."""

import argparse


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.description = (
        'Write the weights of a checkpoint alone, in half precision, to pass them on.'
    )
    parser.add_argument('source', help='checkpoint of a training')
    parser.add_argument(
        '--out',
        required=True,
        metavar='NAME.pth',
        help='file to write; it becomes NAME-XXXXXXXX.pth, with the first digits of its '
        'SHA-256',
    )
    parser.add_argument(
        '--silence-keypoints',
        nargs='+',
        metavar='KEYPOINT',
        help='keypoints that the training data never label, such as nose: nobody knows '
        'what their heatmaps would be, so they are made 0, or next to it',
    )


def main(**options: object) -> None:
    """Write the file, and say what is in it."""
    from ..checkpoints.publishing import publish_weights

    done = publish_weights(**options)
    print(f'Wrote: {done.file}, {done.tensors} tensors, {done.size / 1e6:.1f} MB')
    print(f'SHA-256: {done.sha256}')
