"""``mmpose-light make-synthetic-people``."""

from mmpose_light.cli import run_tool

if __name__ == '__main__':
    run_tool('make-synthetic-people')
