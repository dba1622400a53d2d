_base_ = './td-hm_eeffpose-p0_4xb16-210e_coco-256x192.py'

codec = dict(
    type='MSRAHeatmap', input_size=(336, 448), heatmap_size=(84, 112), sigma=3.5
)
model = dict(
    backbone=dict(arch='b3'),
    neck=dict(in_channels=[48, 136, 384], out_channels=160, num_blocks=6),
    head=dict(in_channels=[160, 160, 160], decoder=codec),
)
affine = dict(type='TopdownAffine', input_size=codec['input_size'])
target = dict(type='GenerateTarget', encoder=codec)
pack = dict(type='PackPoseInputs')
train_pipeline = [*_base_.train_pipeline[:-3], affine, target, pack]
val_pipeline = [*_base_.val_pipeline[:-2], affine, pack]
train_dataloader = dict(dataset=dict(pipeline=train_pipeline))
val_dataloader = dict(dataset=dict(pipeline=val_pipeline))
test_dataloader = val_dataloader
