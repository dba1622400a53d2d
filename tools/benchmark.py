"""``mmpose-light benchmark``."""

from mmpose_light.cli import run_tool

if __name__ == '__main__':  # the processes it starts read this file, too
    run_tool('benchmark')
