# SimpleBaseline with MobileNetV3, a row of the papers' tables that MMPose has no config
# for: its MobileNetV2 config with another backbone. The papers print 8.7 M parameters
# and 1.47 GFLOPs; this has 8.67 M and 1.45 GMACs. MMPose's "big" MobileNetV3 ends
# before the 1x1 convolution to 960 channels, and only with it are the figures met. Where
# the papers start from is not told: no weights here.
_base_ = (
    'mmpose::body_2d_keypoint/topdown_heatmap/coco/'
    'td-hm_mobilenetv2_8xb64-210e_coco-256x192.py'
)

model = dict(
    backbone=dict(_delete_=True, type='MobileNetV3', arch='big', out_indices=(14,)),
    neck=dict(
        type='ChannelMapper',
        in_channels=[160],
        out_channels=960,
        kernel_size=1,
        norm_cfg=dict(type='BN'),
        act_cfg=dict(type='HSwish'),
    ),
    head=dict(in_channels=960),
)
