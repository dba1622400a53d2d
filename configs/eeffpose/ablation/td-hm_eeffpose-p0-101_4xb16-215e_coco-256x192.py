_base_ = '../td-hm_eeffpose-p0_4xb16-215e_coco-256x192.py'

# EEffNet, BiFPN, FAHead
model = dict(neck=dict(type='BiFPN'), head=dict(in_channels=[64] * 5))
