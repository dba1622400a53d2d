"""``mmpose-light make-synthetic-people``: a COCO-format set out of nothing."""

import argparse


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.description = 'Draw a COCO-format set of synthetic people.'
    parser.add_argument(
        '--out-dir',
        help='output folder; images go to OUT_DIR/SPLIT, annotations to OUT_DIR/'
        'annotations/person_keypoints_SPLIT.json (default: data/synthetic)',
    )
    parser.add_argument(
        '--images',
        dest='num_images',
        type=int,
        metavar='N',
        help='how many images (default: 500)',
    )
    parser.add_argument(
        '--seed',
        type=int,
        help='the same seed gives the same bytes; take another one for the validation '
        'set (default: 0)',
    )
    parser.add_argument('--split', help='name of the set (default: train)')
    parser.add_argument(
        '--max-people',
        type=int,
        metavar='N',
        help='most people in an image (default: 4)',
    )
    parser.add_argument(
        '--overwrite',
        action='store_true',
        help='replace a set of other settings that is there',
    )


def main(**options: object) -> None:
    """Draw the set, and say where its annotations are."""
    from ..datasets.synthetic_people import write_synthetic_people

    print(f'Annotations: {write_synthetic_people(**options)}')
