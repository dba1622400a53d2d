"""``mmpose-light lspet2coco``."""

from mmpose_light.cli import run_tool

if __name__ == '__main__':
    run_tool('lspet2coco')
