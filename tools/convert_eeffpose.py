"""``mmpose-light convert-eeffpose``."""

import sys

from mmpose_light.cli import main

if __name__ == '__main__':
    sys.exit(main(['convert-eeffpose', *sys.argv[1:]]))
