_base_ = './td-hm_el-hrnet-w32_1xb16-300e_coco-256x192.py'

model = dict(backbone=dict(arch='w18'), head=dict(in_channels=18))
