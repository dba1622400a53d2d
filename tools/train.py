"""Train a model: MMPose's own ``tools/train.py``, with this package's modules."""

from mmpose_light.utils.host_tools import run_host_tool

if __name__ == '__main__':
    run_host_tool('train.py')
