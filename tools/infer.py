"""Estimate poses in images and videos: ``mmpose-light infer``."""

import sys

from mmpose_light.cli import main

if __name__ == '__main__':
    sys.exit(main(['infer', *sys.argv[1:]]))
