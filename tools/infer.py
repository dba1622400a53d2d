"""Estimate poses in images and videos: ``mmpose-light infer``."""

from mmpose_light.cli import run_tool

if __name__ == '__main__':
    run_tool('infer')
