"""``mmpose-light compare``."""

import sys

from mmpose_light.cli import main

sys.exit(main(['compare', *sys.argv[1:]]))
