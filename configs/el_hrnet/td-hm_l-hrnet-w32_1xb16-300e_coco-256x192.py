_base_ = './td-hm_el-hrnet-w32_1xb16-300e_coco-256x192.py'

# the L-form, without CBAM
model = dict(backbone=dict(attention=False))
