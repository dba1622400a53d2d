"""Draw a COCO-format set of synthetic people."""

import argparse
import sys

from mmpose_light.datasets.synthetic_people import MAX_PEOPLE, write_synthetic_people


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        'out',
        help='output folder; pictures go to OUT/SPLIT, annotations to '
        'OUT/annotations/person_keypoints_SPLIT.json',
    )
    parser.add_argument(
        '--images', type=int, default=500, help='how many pictures (default: 500)'
    )
    parser.add_argument(
        '--seed',
        type=int,
        default=0,
        help='the same seed gives the same bytes; take another one for the '
        'validation set (default: 0)',
    )
    parser.add_argument(
        '--split', default='train', help='name of the set (default: train)'
    )
    parser.add_argument(
        '--max-people',
        type=int,
        default=MAX_PEOPLE,
        help=f'most people in a picture (default: {MAX_PEOPLE})',
    )
    parser.add_argument(
        '--overwrite',
        action='store_true',
        help='replace a set of other settings that lies there',
    )
    return parser.parse_args()


def main() -> None:
    """Draw the set that the command line asks for."""
    args = parse_args()
    try:
        path = write_synthetic_people(
            args.out,
            args.images,
            seed=args.seed,
            split=args.split,
            max_people=args.max_people,
            overwrite=args.overwrite,
        )
    except (ValueError, OSError) as error:
        sys.exit(f'error: {error}')
    print(f'Annotations: {path}')


if __name__ == '__main__':
    main()
