"""Train a small EL-HRNet on synthetic people and show what it learned."""

import argparse
import sys
from pathlib import Path

from mmpose_light.demo.run import add_arguments, main

CONFIGS = Path(__file__).resolve().parents[1] / 'configs' / 'demo'

if __name__ == '__main__':
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        '--config',
        default=CONFIGS / 'td-hm_el-hrnet-w32_1xb16-12e_synthetic-128x96.py',
        help="config of the model and its training (default: the demo's own)",
    )
    add_arguments(parser)
    sys.exit(main(parser.parse_args()))
