_base_ = '../td-hm_eeffpose-p0_4xb16-215e_coco-256x192.py'

# EEffNet, TFNeck, FSHead
model = dict(head=dict(type='FSHead'))
