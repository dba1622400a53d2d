"""``mmpose-light lspet2coco``."""

import sys

from mmpose_light.cli import main

if __name__ == '__main__':
    sys.exit(main(['lspet2coco', *sys.argv[1:]]))
