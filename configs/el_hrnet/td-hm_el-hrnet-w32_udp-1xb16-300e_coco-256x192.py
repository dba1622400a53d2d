_base_ = './td-hm_el-hrnet-w32_1xb16-300e_coco-256x192.py'

# MMPose's decoder of UDP heatmaps is up to one heatmap pixel off, 1.25 in the last row.
codec = dict(type='UDPHeatmap', input_size=(192, 256), heatmap_size=(48, 64), sigma=2)
model = dict(head=dict(decoder=codec), test_cfg=dict(shift_heatmap=False))
sized = dict(
    TopdownAffine=dict(
        type='TopdownAffine', input_size=codec['input_size'], use_udp=True
    ),
    GenerateTarget=dict(type='GenerateTarget', encoder=codec),
)
train_pipeline = [sized.get(t['type'], t) for t in _base_.train_pipeline]
val_pipeline = [sized.get(t['type'], t) for t in _base_.val_pipeline]
train_dataloader = dict(dataset=dict(pipeline=train_pipeline))
val_dataloader = dict(dataset=dict(pipeline=val_pipeline))
test_dataloader = val_dataloader
