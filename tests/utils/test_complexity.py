"""The counter against counts by hand and against the zoo's published figures."""

from mmengine.config import Config
from mmengine.registry import init_default_scope
from mmpose.models import build_pose_estimator
from torch import nn

from mmpose_light.utils.complexity import count_macs, count_parameters


def test_by_hand():
    class Net(nn.Sequential):
        def __init__(self):
            super().__init__(
                nn.Conv2d(3, 8, 3, stride=2, padding=1),
                nn.BatchNorm2d(8),
                nn.Conv2d(8, 8, 3, padding=1, groups=8),
                nn.AdaptiveAvgPool2d(1),
                nn.Flatten(),
                nn.Linear(8, 5),
            )

    model = Net()
    pixels = 8 * 6
    assert count_macs(model, (12, 16)) == pixels * (3 * 8 * 9 + 8 * 9) + 8 * 5
    assert count_parameters(model) == (3 * 8 * 9 + 8) + 16 + (8 * 9 + 8) + (8 * 5 + 5)
    assert model.training, 'the mode is left as it was'


def test_hrnet_of_the_zoo():
    """28.5 M parameters and 7.1 GMACs (2^30), as HRNet's authors publish them."""
    config = Config.fromfile(
        Config._get_cfg_path(
            'mmpose::body_2d_keypoint/topdown_heatmap/coco/'
            'td-hm_hrnet-w32_8xb64-210e_coco-256x192.py',
            __file__,
        )[0]
    )
    init_default_scope('mmpose')
    config.model.backbone.init_cfg = None
    model = build_pose_estimator(config.model)
    assert round(count_parameters(model) / 1e6, 1) == 28.5
    assert round(count_macs(model, (192, 256)) / 2**30, 2) == 7.12
