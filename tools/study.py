"""Train networks under one protocol, and compare them."""

import argparse
import sys
from pathlib import Path

from mmpose_light.cli.study import add_arguments, main

CONFIGS = Path(__file__).resolve().parents[1] / 'configs' / 'study'

if __name__ == '__main__':
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        '--protocol',
        default=CONFIGS / 'lspet-256x192.py',
        help='config of data, schedule and networks (default: LSPET, 256×192)',
    )
    add_arguments(parser)
    args = parser.parse_args()
    sys.exit(main(args))
