"""Convert the Leeds Sports Pose Extended download to COCO keypoint json files."""

import argparse
import sys

from mmpose_light.datasets.lspet import SPLITS, convert_lspet


def image_range(text: str) -> tuple[int, int]:
    """Parse ``FIRST-LAST``, two image numbers."""
    first, dash, last = text.partition('-')
    if not (dash and first.isdecimal() and last.isdecimal()):
        raise argparse.ArgumentTypeError(f'{text!r} is not FIRST-LAST, like 1-8000')
    return int(first), int(last)


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__,
        epilog='Layout that the LSPET config reads: data/lspet/{joints.mat, images/, '
        'train.json, val.json}. So either unpack lspet_dataset.zip to data/lspet and '
        'run "lspet2coco.py data/lspet", or run "lspet2coco.py lspet_dataset.zip".',
    )
    parser.add_argument(
        'source', help='folder with joints.mat and images/, or lspet_dataset.zip'
    )
    parser.add_argument(
        '--out-dir',
        help='folder of the json files; a zip file is unpacked there too '
        '(default: the source folder, or data/lspet for a zip file)',
    )
    for name, (first, last) in SPLITS.items():
        parser.add_argument(
            f'--{name}',
            metavar='FIRST-LAST',
            type=image_range,
            default=(first, last),
            help=f'images of {name}.json (default: {first}-{last})',
        )
    return parser.parse_args()


def main() -> None:
    """Convert what the command line names."""
    args = parse_args()
    try:
        convert_lspet(args.source, args.out_dir, dict(train=args.train, val=args.val))
    except (ValueError, OSError) as error:
        sys.exit(f'error: {error}')


if __name__ == '__main__':
    main()
