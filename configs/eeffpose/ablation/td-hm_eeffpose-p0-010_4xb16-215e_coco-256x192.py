_base_ = '../td-hm_eeffpose-p0_4xb16-215e_coco-256x192.py'

# EffNet, TFNeck, FSHead
model = dict(backbone=dict(type='EffNet'), head=dict(type='FSHead'))
