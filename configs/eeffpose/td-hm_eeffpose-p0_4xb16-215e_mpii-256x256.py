_base_ = 'mmpose::body_2d_keypoint/topdown_heatmap/mpii/td-hm_hrnet-w32_8xb64-210e_mpii-256x256.py'
custom_imports = dict(imports=['mmpose_light'], allow_failed_imports=False)
custom_hooks = [*_base_.custom_hooks, dict(type='FittingCheckpointHook')]
default_hooks = dict(
    checkpoint=dict(type='WholeCheckpointHook'), check_data=dict(type='CheckDataHook')
)

# The authors start from the backbone of EfficientDet-D0, trained with AdvProp. From
# scratch: --cfg-options model.backbone.init_cfg=None
start = 'https://github.com/rwightman/efficientdet-pytorch/releases/download/v0.1/tf_efficientdet_d0_ap-d0cdbd0a.pth'
model = dict(
    backbone=dict(
        _delete_=True,
        type='EEffNet',
        arch='b0',
        init_cfg=dict(type='Pretrained', checkpoint=start),
    ),
    neck=dict(type='TFNeck', in_channels=[40, 112, 320], out_channels=64, num_blocks=3),
    head=dict(
        _delete_=True,
        type='FAHead',
        in_channels=[64, 64, 64],
        out_channels=16,
        decoder=_base_.codec,
    ),
)

# Five epochs of warm-up at 0.2, 0.4, … 1.0 of the rate, then 210 in which it falls when
# the PCKh stalls; so every epoch is evaluated.
train_cfg = dict(max_epochs=215, val_interval=1)
optim_wrapper = dict(optimizer=dict(lr=1e-3))
param_scheduler = [
    dict(type='LinearLR', start_factor=0.2, end=5),
    dict(
        type='ReduceOnPlateauLR',
        monitor='PCK',
        rule='greater',
        factor=0.3,
        patience=5,
        begin=5,
        end=215,
    ),
]
auto_scale_lr = dict(base_batch_size=64)

# HRNet's augmentation on MPII, as the authors trained; the text of their paper has the
# figures of scale and rotation exchanged (0.30 and 25°).
train_pipeline = [
    dict(type='LoadImage'),
    dict(type='GetBBoxCenterScale'),
    dict(type='RandomFlip', direction='horizontal'),
    dict(type='RandomScaleRotation', scale_factor=0.25, rotate_factor=30),
    dict(type='TopdownAffine', input_size=_base_.codec.input_size),
    dict(type='GenerateTarget', encoder=_base_.codec),
    dict(type='PackPoseInputs'),
]
train_dataloader = dict(batch_size=16, dataset=dict(pipeline=train_pipeline))
