"""``mmpose-light compare``."""

from mmpose_light.cli import run_tool

run_tool('compare')
