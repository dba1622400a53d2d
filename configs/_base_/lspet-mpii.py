# LSPET and people of MPII: the twelve keypoints of the limbs, in COCO's layout.
lspet_people = dict(
    type='CocoDataset', data_root='data/lspet/', data_prefix=dict(img='images/')
)
mpii_people = dict(
    type='CocoDataset', data_root='data/mpii_people/', data_prefix=dict(img='images/')
)
lspet_mpii = dict(
    type='CombinedDataset',
    metainfo=dict(from_file='configs/_base_/datasets/coco.py'),
    datasets=[
        dict(**lspet_people, ann_file='train.json'),
        dict(**mpii_people, ann_file='train.json'),
    ],
)
# No face is labelled: those keypoints are not to decide on a person's rank.
limbs_evaluator = [
    dict(type='LabelledCocoMetric', ann_file='data/lspet/val.json'),
    dict(type='TorsoPCK', thr=0.2),
]
