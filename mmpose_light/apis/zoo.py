"""Models by their short names: ours, MMPose's, and peers.

A name ends in the input size where that is not 256×192 for COCO or 256×256 for MPII. A
config is one of ours, by its path below ``configs``, or one of MMPose's
(``'mmpose::…'``). Peers stand in the papers' tables without a config of MMPose; theirs
are built from its parts, in ``configs/peers``.
"""

#: Folder of the peers' configs, below ``configs``.
PEERS = 'peers'

_COCO = 'mmpose::body_2d_keypoint/topdown_heatmap/coco'
_MPII = 'mmpose::body_2d_keypoint/topdown_heatmap/mpii'
_RTMPOSE = 'mmpose::body_2d_keypoint/rtmpose'

#: The networks for COCO by name: how each is called in tables, and its config.
ZOO = {
    'el-hrnet-w32': (
        'EL-HRNet-W32',
        'el_hrnet/td-hm_el-hrnet-w32_1xb16-300e_coco-256x192.py',
    ),
    'eeffpose-p0': (
        'EEffPose-P0',
        'eeffpose/td-hm_eeffpose-p0_4xb16-215e_coco-256x192.py',
    ),
    'effbase': (
        'EffBase',
        'eeffpose/ablation/td-hm_eeffpose-p0-000_4xb16-215e_coco-256x192.py',
    ),
    'eeffpose-p0-001': (
        'EEffPose-P0-001',
        'eeffpose/ablation/td-hm_eeffpose-p0-001_4xb16-215e_coco-256x192.py',
    ),
    'hrnet-w32': ('HRNet-W32', f'{_COCO}/td-hm_hrnet-w32_8xb64-210e_coco-256x192.py'),
    'lite-hrnet-18': (
        'Lite-HRNet-18',
        f'{_COCO}/td-hm_litehrnet-18_8xb64-210e_coco-256x192.py',
    ),
    'lite-hrnet-30': (
        'Lite-HRNet-30',
        f'{_COCO}/td-hm_litehrnet-30_8xb64-210e_coco-256x192.py',
    ),
    'vipnas-mobilenetv3': (
        'ViPNAS-MobileNetV3',
        f'{_COCO}/td-hm_vipnas-mbv3_8xb64-210e_coco-256x192.py',
    ),
    'vipnas-res50': (
        'ViPNAS-Res50',
        f'{_COCO}/td-hm_vipnas-res50_8xb64-210e_coco-256x192.py',
    ),
    'mobilenetv2': (
        'MobileNetV2',
        f'{_COCO}/td-hm_mobilenetv2_8xb64-210e_coco-256x192.py',
    ),
    'shufflenetv2': (
        'ShuffleNetV2',
        f'{_COCO}/td-hm_shufflenetv2_8xb64-210e_coco-256x192.py',
    ),
    'simplebaseline-res50': (
        'SimpleBaseline-Res50',
        f'{_COCO}/td-hm_res50_8xb64-210e_coco-256x192.py',
    ),
    'rtmpose-t': (
        'RTMPose-t',
        f'{_RTMPOSE}/coco/rtmpose-t_8xb256-420e_coco-256x192.py',
    ),
    'rtmpose-s': (
        'RTMPose-s',
        f'{_RTMPOSE}/coco/rtmpose-s_8xb256-420e_coco-256x192.py',
    ),
    'rtmpose-m': (
        'RTMPose-m',
        f'{_RTMPOSE}/coco/rtmpose-m_8xb256-420e_coco-256x192.py',
    ),
    # from here on: not measured unless asked for
    'el-hrnet-w32-384x288': (
        'EL-HRNet-W32',
        'el_hrnet/td-hm_el-hrnet-w32_1xb16-300e_coco-384x288.py',
    ),
    'eeffpose-p2-384x288': (
        'EEffPose-P2',
        'eeffpose/td-hm_eeffpose-p2_4xb16-215e_coco-384x288.py',
    ),
    'hrnet-w32-384x288': (
        'HRNet-W32',
        f'{_COCO}/td-hm_hrnet-w32_8xb64-210e_coco-384x288.py',
    ),
    'hrnet-w48': ('HRNet-W48', f'{_COCO}/td-hm_hrnet-w48_8xb32-210e_coco-256x192.py'),
    'hrnet-w48-384x288': (
        'HRNet-W48',
        f'{_COCO}/td-hm_hrnet-w48_8xb32-210e_coco-384x288.py',
    ),
    'small-hrnet-w16': (
        'Small HRNet-W16',
        f'{PEERS}/td-hm_small-hrnet-w16_8xb64-210e_coco-256x192.py',
    ),
    'lite-hrnet-30-384x288': (
        'Lite-HRNet-30',
        f'{_COCO}/td-hm_litehrnet-30_8xb32-210e_coco-384x288.py',
    ),
    'mobilenetv2-384x288': (
        'MobileNetV2',
        f'{_COCO}/td-hm_mobilenetv2_8xb64-210e_coco-384x288.py',
    ),
    'mobilenetv3': (
        'MobileNetV3',
        f'{PEERS}/td-hm_mobilenetv3_8xb64-210e_coco-256x192.py',
    ),
    'shufflenetv2-384x288': (
        'ShuffleNetV2',
        f'{_COCO}/td-hm_shufflenetv2_8xb64-210e_coco-384x288.py',
    ),
    'simplebaseline-res152-384x288': (
        'SimpleBaseline-Res152',
        f'{_COCO}/td-hm_res152_8xb32-210e_coco-384x288.py',
    ),
    'hourglass52-256x256': (
        'Hourglass52',
        f'{_COCO}/td-hm_hourglass52_8xb32-210e_coco-256x256.py',
    ),
    'hourglass52-384x384': (
        'Hourglass52',
        f'{_COCO}/td-hm_hourglass52_8xb32-210e_coco-384x384.py',
    ),
}

#: The word for every network of :data:`ZOO`, those that are measured unless told
#: otherwise, and the rest.
ALL = 'all'
DEFAULT = tuple(ZOO)[: tuple(ZOO).index('rtmpose-m') + 1]
FURTHER = tuple(ZOO)[len(DEFAULT) :]

#: The networks for MPII, which the comparison counts and the benchmark leaves alone.
MPII_ZOO = {
    'el-hrnet-w32': (
        'EL-HRNet-W32',
        'el_hrnet/td-hm_el-hrnet-w32_1xb8-210e_mpii-256x256.py',
    ),
    'eeffpose-p0': (
        'EEffPose-P0',
        'eeffpose/td-hm_eeffpose-p0_4xb16-215e_mpii-256x256.py',
    ),
    'eeffpose-p2-384x384': (
        'EEffPose-P2',
        'eeffpose/td-hm_eeffpose-p2_4xb16-215e_mpii-384x384.py',
    ),
    'hrnet-w32': ('HRNet-W32', f'{_MPII}/td-hm_hrnet-w32_8xb64-210e_mpii-256x256.py'),
    'hrnet-w48': ('HRNet-W48', f'{_MPII}/td-hm_hrnet-w48_8xb64-210e_mpii-256x256.py'),
    'lite-hrnet-18': (
        'Lite-HRNet-18',
        f'{_MPII}/td-hm_litehrnet-18_8xb64-210e_mpii-256x256.py',
    ),
    'lite-hrnet-30': (
        'Lite-HRNet-30',
        f'{_MPII}/td-hm_litehrnet-30_8xb64-210e_mpii-256x256.py',
    ),
    'mobilenetv2': (
        'MobileNetV2',
        f'{_MPII}/td-hm_mobilenetv2_8xb64-210e_mpii-256x256.py',
    ),
    'shufflenetv2': (
        'ShuffleNetV2',
        f'{_MPII}/td-hm_shufflenetv2_8xb64-210e_mpii-256x256.py',
    ),
    'hourglass52': (
        'Hourglass52',
        f'{_MPII}/td-hm_hourglass52_8xb64-210e_mpii-256x256.py',
    ),
    'hourglass52-384x384': (
        'Hourglass52',
        f'{_MPII}/td-hm_hourglass52_8xb32-210e_mpii-384x384.py',
    ),
    'rtmpose-m': (
        'RTMPose-m',
        f'{_RTMPOSE}/mpii/rtmpose-m_8xb64-210e_mpii-256x256.py',
    ),
}
