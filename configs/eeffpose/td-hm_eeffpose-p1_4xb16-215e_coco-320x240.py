_base_ = './td-hm_eeffpose-p0_4xb16-215e_coco-256x192.py'

start = 'https://github.com/rwightman/efficientdet-pytorch/releases/download/v0.1/tf_efficientdet_d1_ap-7721d075.pth'
codec = dict(type='MSRAHeatmap', input_size=(240, 320), heatmap_size=(60, 80), sigma=2)
model = dict(
    backbone=dict(arch='b1', init_cfg=dict(checkpoint=start)),
    neck=dict(in_channels=[40, 112, 320], out_channels=88, num_blocks=4),
    head=dict(in_channels=[88, 88, 88], decoder=codec),
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
