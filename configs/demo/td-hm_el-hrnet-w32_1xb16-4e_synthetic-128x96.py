# What `make demo` trains on the CPU: an EL-HRNet of one block a branch.
_base_ = '../el_hrnet/td-hm_el-hrnet-w32_1xb16-300e_coco-256x192.py'

codec = dict(
    type='MSRAHeatmap',
    input_size=(96, 128),
    heatmap_size=(24, 32),
    sigma=1.5,
    unbiased=True,
)
stage = dict(num_modules=1, block='BASIC')
extra = dict(
    stage1=dict(
        num_modules=1,
        num_branches=1,
        block='BOTTLENECK',
        num_blocks=(1,),
        num_channels=(32,),
    ),
    stage2=dict(**stage, num_branches=2, num_blocks=(1,) * 2, num_channels=(32, 64)),
    stage3=dict(
        **stage, num_branches=3, num_blocks=(1,) * 3, num_channels=(32, 64, 128)
    ),
    stage4=dict(
        **stage, num_branches=4, num_blocks=(1,) * 4, num_channels=(32, 64, 128, 256)
    ),
)
model = dict(
    backbone=dict(extra=extra),
    # a large loss keeps Adam's epsilon small beside the gradients
    head=dict(loss=dict(loss_weight=1000.0), decoder=codec),
)

train_cfg = dict(max_epochs=4, val_interval=2)
optim_wrapper = dict(optimizer=dict(lr=5e-3))
param_scheduler = [
    dict(type='LinearLR', start_factor=0.01, end=50, by_epoch=False),
    dict(type='CosineAnnealingLR', begin=0, convert_to_iter_based=True),
]

affine = dict(type='TopdownAffine', input_size=codec['input_size'])
train_pipeline = [
    dict(type='LoadImage'),
    dict(type='GetBBoxCenterScale'),
    dict(type='RandomFlip', direction='horizontal'),
    affine,
    dict(type='GenerateTarget', encoder=codec),
    dict(type='PackPoseInputs'),
]
val_pipeline = [
    affine if t['type'] == 'TopdownAffine' else t for t in _base_.val_pipeline
]

data_root = 'work_dirs/demo/data/'
train_dataloader = dict(
    num_workers=1,
    persistent_workers=False,
    dataset=dict(
        data_root=data_root,
        ann_file='annotations/person_keypoints_train.json',
        data_prefix=dict(img='train/'),
        pipeline=train_pipeline,
    ),
)
val_dataloader = dict(
    num_workers=0,
    persistent_workers=False,
    dataset=dict(
        data_root=data_root,
        ann_file='annotations/person_keypoints_val.json',
        data_prefix=dict(img='val/'),
        bbox_file=None,
        pipeline=val_pipeline,
    ),
)
test_dataloader = val_dataloader
val_evaluator = dict(ann_file=data_root + 'annotations/person_keypoints_val.json')
test_evaluator = val_evaluator
default_hooks = dict(
    checkpoint=dict(interval=1, max_keep_ckpts=2, save_best=None),
    logger=dict(interval=10),
)
