# Data: `mmpose-light lspet2coco data/lspet`. LSPET labels no face:
# those five of the 17 COCO keypoints are neither trained nor evaluated.
_base_ = './td-hm_el-hrnet-w32_1xb16-300e_coco-256x192.py'

train_cfg = dict(max_epochs=60, val_interval=5)
param_scheduler = [dict(type='MultiStepLR', end=60, milestones=[40, 55], gamma=0.1)]
auto_scale_lr = dict(base_batch_size=32)

lspet = dict(data_root='data/lspet/', data_prefix=dict(img='images/'))
train_dataloader = dict(batch_size=32, dataset=dict(ann_file='train.json', **lspet))
val_dataloader = dict(dataset=dict(ann_file='val.json', bbox_file=None, **lspet))
test_dataloader = val_dataloader
val_evaluator = dict(ann_file='data/lspet/val.json')
test_evaluator = val_evaluator
