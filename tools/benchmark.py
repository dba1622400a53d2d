"""``mmpose-light benchmark``."""

import sys

from mmpose_light.cli import main

if __name__ == '__main__':  # the processes it starts read this file, too
    sys.exit(main(['benchmark', *sys.argv[1:]]))
