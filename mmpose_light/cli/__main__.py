"""``python -m mmpose_light.cli``."""

import sys

from . import main

sys.exit(main())
