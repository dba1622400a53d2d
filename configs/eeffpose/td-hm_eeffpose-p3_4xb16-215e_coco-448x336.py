_base_ = './td-hm_eeffpose-p0_4xb16-215e_coco-256x192.py'

start = 'https://github.com/rwightman/efficientdet-pytorch/releases/download/v0.1/tf_efficientdet_d3_ap-e4a2feab.pth'
codec = dict(type='MSRAHeatmap', input_size=(336, 448), heatmap_size=(84, 112), sigma=3)
model = dict(
    backbone=dict(arch='b3', init_cfg=dict(checkpoint=start)),
    neck=dict(in_channels=[48, 136, 384], out_channels=160, num_blocks=6),
    head=dict(in_channels=[160, 160, 160], decoder=codec),
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
