_base_ = '../td-hm_eeffpose-p0_4xb16-215e_coco-256x192.py'

# EffNet, BiFPN, FAHead
model = dict(
    backbone=dict(type='EffNet'),
    neck=dict(type='BiFPN'),
    head=dict(in_channels=[64] * 5),
)
