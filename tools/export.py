"""``mmpose-light export`` from a checkout."""

import sys

from mmpose_light.cli import main

if __name__ == '__main__':
    sys.exit(main(['export', *sys.argv[1:]]))
