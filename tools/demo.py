"""``mmpose-light demo``, from a checkout."""

import sys

from mmpose_light.cli import main

if __name__ == '__main__':
    sys.exit(main(['demo', *sys.argv[1:]]))
