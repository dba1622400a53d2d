# The study's protocol: what is the same for every network, and the networks it
# compares. `mmpose-light study run` reads it; docs/study.md explains it. Only the
# model of a network's own config is used, without pretrained weights.
_base_ = 'mmpose::_base_/default_runtime.py'
custom_imports = dict(imports=['mmpose_light'], allow_failed_imports=False)

# In the order of the runs, so that whatever time there is gives complete comparisons.
coco = 'mmpose::body_2d_keypoint/topdown_heatmap/coco/'
eeffpose = '../eeffpose/ablation/td-hm_eeffpose-p0-'
networks = {
    'el-hrnet-w32': dict(
        title='EL-HRNet-W32',
        config='../el_hrnet/td-hm_el-hrnet-w32_1xb16-300e_coco-256x192.py',
        lr=1e-3,  # its paper's
    ),
    'hrnet-w32': dict(
        title='HRNet-W32',
        config=coco + 'td-hm_hrnet-w32_8xb64-210e_coco-256x192.py',
        lr=1e-3,  # its paper's
    ),
    'eeffpose-p0': dict(
        title='EEffPose-P0',
        config='../eeffpose/td-hm_eeffpose-p0_4xb16-215e_coco-256x192.py',
        lr=1e-3,  # its paper's
        ablation='111',
    ),
    'effbase': dict(
        title='EffBase',
        config=eeffpose + '000_4xb16-215e_coco-256x192.py',
        lr=1e-3,  # its paper's
        ablation='000',
    ),
    'l-hrnet-w32': dict(
        title='L-HRNet-W32 (no CBAM)',
        config='../el_hrnet/td-hm_l-hrnet-w32_1xb16-300e_coco-256x192.py',
        lr=1e-3,  # as EL-HRNet
    ),
    'lite-hrnet-18': dict(
        title='Lite-HRNet-18',
        config=coco + 'td-hm_litehrnet-18_8xb64-210e_coco-256x192.py',
        lr=2e-3,  # its authors'
    ),
    'lite-hrnet-30': dict(
        title='Lite-HRNet-30',
        config=coco + 'td-hm_litehrnet-30_8xb64-210e_coco-256x192.py',
        lr=2e-3,  # its authors'
    ),
    'vipnas-mobilenetv3': dict(
        title='ViPNAS-MobileNetV3',
        config=coco + 'td-hm_vipnas-mbv3_8xb64-210e_coco-256x192.py',
        lr=1e-3,
    ),
    'mobilenetv2': dict(
        title='MobileNetV2',
        config=coco + 'td-hm_mobilenetv2_8xb64-210e_coco-256x192.py',
        lr=1e-3,
    ),
    'rtmpose-s': dict(
        title='RTMPose-s',
        config='mmpose::body_2d_keypoint/rtmpose/coco/'
        'rtmpose-s_8xb256-420e_coco-256x192.py',
        lr=1e-3,  # MMPose's 4e-3 at batch 1024, scaled by the square root
        # one device needs no SyncBN
        model=dict(
            backbone=dict(norm_cfg=dict(type='BN')), head=dict(type='Float32RTMCCHead')
        ),
    ),
    **{
        f'eeffpose-p0-{order}': dict(
            title=f'EEffPose-P0-{order}',
            config=f'{eeffpose}{order}_4xb16-215e_coco-256x192.py',
            lr=1e-3,  # as EEffPose-P0
            ablation=order,
        )
        for order in ('100', '010', '001', '011', '110', '101')
    },
}

# data: `--data-root` and the options beside it name other files
data_root = 'data/lspet/'
input_size = (192, 256)

# HRNet's augmentation, as EEffPose's paper has it. GenerateTarget's encoder is
# the codec of each network's own head.
train_pipeline = [
    dict(type='LoadImage'),
    dict(type='GetBBoxCenterScale'),
    dict(type='RandomFlip', direction='horizontal'),
    dict(type='RandomHalfBody'),
    dict(
        type='RandomBBoxTransform',
        shift_prob=0,
        scale_factor=(0.65, 1.35),
        rotate_factor=45,
    ),
    dict(type='TopdownAffine', input_size=input_size),
    dict(type='GenerateTarget'),
    dict(type='PackPoseInputs'),
]
val_pipeline = [
    dict(type='LoadImage'),
    dict(type='GetBBoxCenterScale'),
    dict(type='TopdownAffine', input_size=input_size),
    dict(type='PackPoseInputs'),
]
train_dataloader = dict(
    batch_size=64,
    drop_last=True,
    sampler=dict(type='DefaultSampler', shuffle=True),
    dataset=dict(
        type='InMemoryCocoDataset',
        data_root=data_root,
        ann_file='train.json',
        data_prefix=dict(img='images/'),
        pipeline=train_pipeline,
    ),
)
# the boxes are those of the annotations
val_dataloader = dict(
    batch_size=64,
    sampler=dict(type='DefaultSampler', shuffle=False, round_up=False),
    dataset=dict(
        type='InMemoryCocoDataset',
        data_root=data_root,
        ann_file='val.json',
        data_prefix=dict(img='images/'),
        test_mode=True,
        pipeline=val_pipeline,
    ),
)
val_evaluator = [dict(type='LabelledCocoMetric'), dict(type='TorsoPCK', thr=0.2)]
val_cfg = dict()

# schedule: 104 epochs of 116 iterations on LSPET; the learning rate is the network's
iterations = 12000
train_cfg = dict(by_epoch=True, val_interval=10)
# At the first step a quarter of EL-HRNet's gradients lie below 6e-8: Adam's usual
# epsilon, 1e-8, would slow it down, and more than others.
optim_wrapper = dict(optimizer=dict(type='Adam', eps=1e-10))
param_scheduler = [
    dict(type='LinearLR', start_factor=0.01, end=500, by_epoch=False),
    dict(type='CosineAnnealingLR', by_epoch=False),
]

default_hooks = dict(
    checkpoint=dict(type='WholeCheckpointHook', interval=10, max_keep_ckpts=2),
    logger=dict(interval=50),
)
env_cfg = dict(cudnn_benchmark=True)
randomness = dict(seed=0)
