_base_ = 'mmpose::body_2d_keypoint/topdown_heatmap/coco/td-hm_hrnet-w32_8xb64-210e_coco-256x192.py'
custom_imports = dict(imports=['mmpose_light'], allow_failed_imports=False)
custom_hooks = [*_base_.custom_hooks, dict(type='FittingCheckpointHook')]
default_hooks = dict(
    checkpoint=dict(type='WholeCheckpointHook'), check_data=dict(type='CheckDataHook')
)

model = dict(backbone=dict(_delete_=True, type='ELHRNet', arch='w32'))

# the paper's schedule
train_cfg = dict(max_epochs=300)
optim_wrapper = dict(optimizer=dict(lr=1e-3))
param_scheduler = [
    dict(type='MultiStepLR', end=300, milestones=[120, 170, 200, 260], gamma=0.1)
]
auto_scale_lr = dict(base_batch_size=16)

# the paper's augmentation, drawn as HRNet draws it
train_pipeline = [
    dict(type='LoadImage'),
    dict(type='GetBBoxCenterScale'),
    dict(type='RandomFlip', direction='horizontal'),
    dict(type='RandomScaleRotation', scale_factor=0.35, rotate_factor=45),
    dict(type='TopdownAffine', input_size=_base_.codec.input_size),
    dict(type='GenerateTarget', encoder=_base_.codec),
    dict(type='PackPoseInputs'),
]
train_dataloader = dict(batch_size=16, dataset=dict(pipeline=train_pipeline))
