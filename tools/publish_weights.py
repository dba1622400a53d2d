"""``mmpose-light publish-weights``."""

import sys

from mmpose_light.cli import main

if __name__ == '__main__':
    sys.exit(main(['publish-weights', *sys.argv[1:]]))
