"""``mmpose-light lspet2coco``: the LSPET download becomes COCO json files."""

import argparse


def image_range(text: str) -> tuple[int, int]:
    """Parse ``FIRST-LAST``, two image numbers."""
    first, dash, last = text.partition('-')
    if not (dash and first.isdecimal() and last.isdecimal()):
        raise argparse.ArgumentTypeError(f'{text!r} is not FIRST-LAST, like 1-8000')
    return int(first), int(last)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.description = (
        'Convert the Leeds Sports Pose Extended download to COCO keypoint json files.'
    )
    parser.epilog = (
        'Layout that the LSPET config reads: data/lspet/{joints.mat, images/, '
        'train.json, val.json}. So either unpack lspet_dataset.zip to data/lspet and '
        'run "mmpose-light lspet2coco data/lspet", or run "mmpose-light lspet2coco '
        'lspet_dataset.zip".'
    )
    parser.add_argument(
        'source', help='folder with joints.mat and images/, or lspet_dataset.zip'
    )
    parser.add_argument(
        '--out-dir',
        help='folder of the json files; a zip file is unpacked there too '
        '(default: the source folder, or data/lspet for a zip file)',
    )
    for name, images in (('train', '1-8000'), ('val', '8001-9000')):
        parser.add_argument(
            f'--{name}',
            metavar='FIRST-LAST',
            type=image_range,
            help=f'images of {name}.json (default: {images})',
        )
    parser.add_argument(
        '--overwrite', action='store_true', help='replace json files that are there'
    )


def main(
    source: str,
    out_dir: str | None = None,
    overwrite: bool = False,
    **splits: tuple[int, int],
) -> None:
    """Convert the download, and say what came of it."""
    from ..datasets.lspet import MIN_LIMB_JOINTS, SPLITS, convert_lspet

    splits = {**SPLITS, **splits}
    done = convert_lspet(source, out_dir, splits, overwrite)
    for name, (first, last) in splits.items():
        people = len(done.datasets[name]['annotations'])
        print(
            f'{done.files[name]}: {people} people of images {first} to {last}; '
            f'{last - first + 1 - people} left out (fewer than {MIN_LIMB_JOINTS} '
            'labelled limb joints)'
        )
    print(f'{done.unused} images lie in no split and were left out')
