"""``mmpose-light export`` from a checkout."""

from mmpose_light.cli import run_tool

if __name__ == '__main__':
    run_tool('export')
