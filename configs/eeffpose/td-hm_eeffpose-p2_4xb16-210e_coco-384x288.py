_base_ = './td-hm_eeffpose-p0_4xb16-210e_coco-256x192.py'

# Starts from scratch. The authors' start, AdvProp weights of EfficientNet-B2:
# --cfg-options model.backbone.init_cfg.type=Pretrained model.backbone.init_cfg.checkpoint=URL
# URL: https://download.openmmlab.com/mmclassification/v0/efficientnet/efficientnet-b2_3rdparty_8xb32-aa-advprop_in1k_20220119-1655338a.pth
codec = dict(type='MSRAHeatmap', input_size=(288, 384), heatmap_size=(72, 96), sigma=3)
model = dict(
    backbone=dict(arch='b2'),
    neck=dict(in_channels=[48, 120, 352], out_channels=112, num_blocks=5),
    head=dict(in_channels=[112, 112, 112], decoder=codec),
)
affine = dict(type='TopdownAffine', input_size=codec['input_size'])
target = dict(type='GenerateTarget', encoder=codec)
pack = dict(type='PackPoseInputs')
train_pipeline = [*_base_.train_pipeline[:-3], affine, target, pack]
val_pipeline = [*_base_.val_pipeline[:-2], affine, pack]
train_dataloader = dict(dataset=dict(pipeline=train_pipeline))
val_dataloader = dict(dataset=dict(pipeline=val_pipeline))
test_dataloader = val_dataloader
