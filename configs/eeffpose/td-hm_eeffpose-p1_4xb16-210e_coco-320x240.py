_base_ = './td-hm_eeffpose-p0_4xb16-210e_coco-256x192.py'

codec = dict(
    type='MSRAHeatmap', input_size=(240, 320), heatmap_size=(60, 80), sigma=2.5
)
model = dict(
    backbone=dict(arch='b1'),
    neck=dict(in_channels=[40, 112, 320], out_channels=88, num_blocks=4),
    head=dict(in_channels=[88, 88, 88], decoder=codec),
)
affine = dict(type='TopdownAffine', input_size=codec['input_size'])
target = dict(type='GenerateTarget', encoder=codec)
pack = dict(type='PackPoseInputs')
train_pipeline = [*_base_.train_pipeline[:-3], affine, target, pack]
val_pipeline = [*_base_.val_pipeline[:-2], affine, pack]
train_dataloader = dict(dataset=dict(pipeline=train_pipeline))
val_dataloader = dict(dataset=dict(pipeline=val_pipeline))
test_dataloader = val_dataloader
