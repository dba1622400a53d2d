# Small HRNet-W16, a row of the papers' tables that MMPose has no config for: HRNet with
# fewer and narrower blocks, in the layout of HRNet's own "small" networks. The papers
# print 1.3 M parameters and 0.54 GFLOPs; this has 1.28 M and 0.57 GMACs (0.53 in units
# of 2^30). Two blocks in stage 1 would have 1.30 M and 0.62. Where the papers start from
# is not told: no weights here.
_base_ = (
    'mmpose::body_2d_keypoint/topdown_heatmap/coco/'
    'td-hm_hrnet-w32_8xb64-210e_coco-256x192.py'
)

model = dict(
    backbone=dict(
        extra=dict(
            stage1=dict(num_blocks=(1,), num_channels=(32,)),
            stage2=dict(num_blocks=(2,) * 2, num_channels=(16, 32)),
            stage3=dict(num_modules=1, num_blocks=(2,) * 3, num_channels=(16, 32, 64)),
            stage4=dict(
                num_modules=1, num_blocks=(2,) * 4, num_channels=(16, 32, 64, 128)
            ),
        ),
        init_cfg=None,
    ),
    head=dict(in_channels=16),
)
