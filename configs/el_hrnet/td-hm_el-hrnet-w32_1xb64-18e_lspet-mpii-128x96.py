# EL-HRNet-W32 from scratch on LSPET and on people of MPII (the twelve keypoints of the
# limbs, in COCO's layout).
_base_ = './td-hm_el-hrnet-w32_1xb16-9e_lspet-128x96.py'

train_cfg = dict(max_epochs=18, val_interval=6)
optim_wrapper = dict(optimizer=dict(lr=2e-3))
auto_scale_lr = dict(base_batch_size=64)
default_hooks = dict(checkpoint=dict(max_keep_ckpts=2))
custom_hooks = [
    *_base_.custom_hooks,
    dict(
        type='EMAHook',
        ema_type='ExpMomentumEMA',
        momentum=0.004,  # every 8th step, about as 0.0005 at each
        interval=8,
        update_buffers=True,
        priority=49,
    ),
]

lspet = dict(
    type='CocoDataset', data_root='data/lspet/', data_prefix=dict(img='images/')
)
mpii = dict(
    type='CocoDataset', data_root='data/mpii_people/', data_prefix=dict(img='images/')
)
train_dataloader = dict(
    batch_size=64,
    dataset=dict(
        _delete_=True,
        type='CombinedDataset',
        metainfo=dict(from_file='configs/_base_/datasets/coco.py'),
        datasets=[
            dict(**lspet, ann_file='train.json'),
            dict(**mpii, ann_file='train.json'),
        ],
        pipeline=_base_.train_pipeline,
    ),
)
val_dataloader = dict(batch_size=64)
test_dataloader = val_dataloader
# No face is labelled: those keypoints are not to decide on a person's rank.
val_evaluator = [
    dict(type='LabelledCocoMetric', ann_file='data/lspet/val.json'),
    dict(type='TorsoPCK', thr=0.2),
]
test_evaluator = val_evaluator
