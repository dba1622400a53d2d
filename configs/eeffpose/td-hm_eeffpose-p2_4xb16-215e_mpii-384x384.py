_base_ = './td-hm_eeffpose-p0_4xb16-215e_mpii-256x256.py'

start = 'https://github.com/rwightman/efficientdet-pytorch/releases/download/v0.1/tf_efficientdet_d2_ap-a2995c19.pth'
codec = dict(type='MSRAHeatmap', input_size=(384, 384), heatmap_size=(96, 96), sigma=3)
model = dict(
    backbone=dict(arch='b2', init_cfg=dict(checkpoint=start)),
    neck=dict(in_channels=[48, 120, 352], out_channels=112, num_blocks=5),
    head=dict(in_channels=[112, 112, 112], decoder=codec),
)
sized = dict(
    TopdownAffine=dict(type='TopdownAffine', input_size=codec['input_size']),
    GenerateTarget=dict(type='GenerateTarget', encoder=codec),
)
train_pipeline = [sized.get(t['type'], t) for t in _base_.train_pipeline]
val_pipeline = [sized.get(t['type'], t) for t in _base_.val_pipeline]
train_dataloader = dict(dataset=dict(pipeline=train_pipeline))
val_dataloader = dict(dataset=dict(pipeline=val_pipeline))
test_dataloader = val_dataloader
