"""``mmpose-light heatmaps``."""

import sys

from mmpose_light.cli import main

if __name__ == '__main__':
    sys.exit(main(['heatmaps', *sys.argv[1:]]))
