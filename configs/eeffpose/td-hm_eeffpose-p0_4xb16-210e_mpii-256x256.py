_base_ = 'mmpose::body_2d_keypoint/topdown_heatmap/mpii/td-hm_hrnet-w32_8xb64-210e_mpii-256x256.py'
custom_imports = dict(imports=['mmpose_light'], allow_failed_imports=False)
custom_hooks = [*_base_.custom_hooks, dict(type='FittingCheckpointHook')]

# Starts from scratch. The authors' start, AdvProp weights of EfficientNet-B0:
# --cfg-options model.backbone.init_cfg.type=Pretrained model.backbone.init_cfg.checkpoint=URL
# URL: https://download.openmmlab.com/mmclassification/v0/efficientnet/efficientnet-b0_3rdparty_8xb32-aa-advprop_in1k_20220119-26434485.pth
model = dict(
    backbone=dict(_delete_=True, type='EEffNet', arch='b0'),
    neck=dict(type='TFNeck', in_channels=[40, 112, 320], out_channels=64, num_blocks=3),
    head=dict(
        _delete_=True,
        type='FAHead',
        in_channels=[64, 64, 64],
        out_channels=16,
        decoder=_base_.codec,
    ),
)

# the learning rate falls when the PCKh stalls, so every epoch is evaluated
train_cfg = dict(val_interval=1)
optim_wrapper = dict(optimizer=dict(lr=1e-3))
param_scheduler = [
    dict(type='LinearLR', start_factor=0.001, end=5, convert_to_iter_based=True),
    dict(
        type='ReduceOnPlateauLR',
        monitor='PCK',
        rule='greater',
        factor=0.3,
        patience=5,
        begin=5,
        end=210,
    ),
]
auto_scale_lr = dict(base_batch_size=64)

# HRNet's augmentation: flip, scale 0.7 to 1.3, rotation -25° to 25°
train_pipeline = _base_.train_pipeline
train_pipeline[3] = dict(
    type='RandomBBoxTransform',
    shift_prob=0,
    scale_factor=(0.7, 1.3),
    rotate_factor=25,
)
train_dataloader = dict(batch_size=16, dataset=dict(pipeline=train_pipeline))
