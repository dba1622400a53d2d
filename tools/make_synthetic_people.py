"""``mmpose-light make-synthetic-people``."""

import sys

from mmpose_light.cli import main

if __name__ == '__main__':
    sys.exit(main(['make-synthetic-people', *sys.argv[1:]]))
