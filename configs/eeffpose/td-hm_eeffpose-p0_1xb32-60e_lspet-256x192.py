# Data: `mmpose-light lspet2coco data/lspet`. LSPET labels no face:
# those five of the 17 COCO keypoints are neither trained nor evaluated.
_base_ = './td-hm_eeffpose-p0_4xb16-215e_coco-256x192.py'

train_cfg = dict(max_epochs=60)
auto_scale_lr = dict(base_batch_size=32)

data = dict(data_root='data/lspet/', data_prefix=dict(img='images/'))
train_dataloader = dict(batch_size=32, dataset=dict(ann_file='train.json', **data))
val_dataloader = dict(dataset=dict(ann_file='val.json', bbox_file=None, **data))
test_dataloader = val_dataloader
val_evaluator = dict(ann_file='data/lspet/val.json')
test_evaluator = val_evaluator
