_base_ = '../td-hm_eeffpose-p0_4xb16-215e_coco-256x192.py'

# EEffNet, BiFPN, FSHead
model = dict(neck=dict(type='BiFPN'), head=dict(type='FSHead', in_channels=[64] * 5))
