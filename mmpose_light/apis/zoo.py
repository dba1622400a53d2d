"""Models by their short names: ours, MMPose's, and peers.

A name ends in the input size where that is not 256×192 for COCO or 256×256 for MPII. A
config is one of ours, by its path below ``configs``, or one of MMPose's
(``'mmpose::…'``). Peers stand in the papers' tables without a config of MMPose; theirs
are built from its parts, in ``configs/peers``.
"""

#: Folder of the peers' configs, below ``configs``.
PEERS = 'peers'


def _host(network: str, data: str = 'coco-256x192') -> str:
    """Name a heatmap network of MMPose's by batch, epochs and data, as its configs do."""
    folder = data.partition('-')[0]
    return (
        f'mmpose::body_2d_keypoint/topdown_heatmap/{folder}/'
        f'td-hm_{network}-210e_{data}.py'
    )


def _rtmpose(network: str, data: str = 'coco-256x192') -> str:
    folder = data.partition('-')[0]
    return f'mmpose::body_2d_keypoint/rtmpose/{folder}/rtmpose-{network}_{data}.py'


def _own(network: str) -> str:
    family = 'el_hrnet' if network.startswith('el-hrnet') else 'eeffpose'
    folder = f'{family}/ablation' if '-p0-0' in network else family
    return f'{folder}/td-hm_{network}.py'


def _peer(network: str) -> str:
    return f'{PEERS}/td-hm_{network}_8xb64-210e_coco-256x192.py'


#: The networks for COCO by name: how each is called in tables, and its config.
ZOO = {
    'el-hrnet-w32': ('EL-HRNet-W32', _own('el-hrnet-w32_1xb16-300e_coco-256x192')),
    'eeffpose-p0': ('EEffPose-P0', _own('eeffpose-p0_4xb16-215e_coco-256x192')),
    'effbase': ('EffBase', _own('eeffpose-p0-000_4xb16-215e_coco-256x192')),
    'eeffpose-p0-001': (
        'EEffPose-P0-001',
        _own('eeffpose-p0-001_4xb16-215e_coco-256x192'),
    ),
    'hrnet-w32': ('HRNet-W32', _host('hrnet-w32_8xb64')),
    'lite-hrnet-18': ('Lite-HRNet-18', _host('litehrnet-18_8xb64')),
    'lite-hrnet-30': ('Lite-HRNet-30', _host('litehrnet-30_8xb64')),
    'vipnas-mobilenetv3': ('ViPNAS-MobileNetV3', _host('vipnas-mbv3_8xb64')),
    'vipnas-res50': ('ViPNAS-Res50', _host('vipnas-res50_8xb64')),
    'mobilenetv2': ('MobileNetV2', _host('mobilenetv2_8xb64')),
    'shufflenetv2': ('ShuffleNetV2', _host('shufflenetv2_8xb64')),
    'simplebaseline-res50': ('SimpleBaseline-Res50', _host('res50_8xb64')),
    'rtmpose-t': ('RTMPose-t', _rtmpose('t_8xb256-420e')),
    'rtmpose-s': ('RTMPose-s', _rtmpose('s_8xb256-420e')),
    'rtmpose-m': ('RTMPose-m', _rtmpose('m_8xb256-420e')),
    # from here on: not measured unless asked for
    'el-hrnet-w32-384x288': (
        'EL-HRNet-W32',
        _own('el-hrnet-w32_1xb16-300e_coco-384x288'),
    ),
    'eeffpose-p2-384x288': ('EEffPose-P2', _own('eeffpose-p2_4xb16-215e_coco-384x288')),
    'hrnet-w32-384x288': ('HRNet-W32', _host('hrnet-w32_8xb64', 'coco-384x288')),
    'hrnet-w48': ('HRNet-W48', _host('hrnet-w48_8xb32')),
    'hrnet-w48-384x288': ('HRNet-W48', _host('hrnet-w48_8xb32', 'coco-384x288')),
    'small-hrnet-w16': ('Small HRNet-W16', _peer('small-hrnet-w16')),
    'lite-hrnet-30-384x288': (
        'Lite-HRNet-30',
        _host('litehrnet-30_8xb32', 'coco-384x288'),
    ),
    'mobilenetv2-384x288': ('MobileNetV2', _host('mobilenetv2_8xb64', 'coco-384x288')),
    'mobilenetv3': ('MobileNetV3', _peer('mobilenetv3')),
    'shufflenetv2-384x288': (
        'ShuffleNetV2',
        _host('shufflenetv2_8xb64', 'coco-384x288'),
    ),
    'simplebaseline-res152-384x288': (
        'SimpleBaseline-Res152',
        _host('res152_8xb32', 'coco-384x288'),
    ),
    'hourglass52-256x256': ('Hourglass52', _host('hourglass52_8xb32', 'coco-256x256')),
    'hourglass52-384x384': ('Hourglass52', _host('hourglass52_8xb32', 'coco-384x384')),
}

#: The word for every network of :data:`ZOO`, those that are measured unless told
#: otherwise, and the rest.
ALL = 'all'
DEFAULT = tuple(ZOO)[: tuple(ZOO).index('rtmpose-m') + 1]
FURTHER = tuple(ZOO)[len(DEFAULT) :]

#: The networks for MPII, which the comparison counts and the benchmark leaves alone.
MPII_ZOO = {
    'el-hrnet-w32': ('EL-HRNet-W32', _own('el-hrnet-w32_1xb8-210e_mpii-256x256')),
    'eeffpose-p0': ('EEffPose-P0', _own('eeffpose-p0_4xb16-215e_mpii-256x256')),
    'eeffpose-p2-384x384': ('EEffPose-P2', _own('eeffpose-p2_4xb16-215e_mpii-384x384')),
    'hrnet-w32': ('HRNet-W32', _host('hrnet-w32_8xb64', 'mpii-256x256')),
    'hrnet-w48': ('HRNet-W48', _host('hrnet-w48_8xb64', 'mpii-256x256')),
    'lite-hrnet-18': ('Lite-HRNet-18', _host('litehrnet-18_8xb64', 'mpii-256x256')),
    'lite-hrnet-30': ('Lite-HRNet-30', _host('litehrnet-30_8xb64', 'mpii-256x256')),
    'mobilenetv2': ('MobileNetV2', _host('mobilenetv2_8xb64', 'mpii-256x256')),
    'shufflenetv2': ('ShuffleNetV2', _host('shufflenetv2_8xb64', 'mpii-256x256')),
    'hourglass52': ('Hourglass52', _host('hourglass52_8xb64', 'mpii-256x256')),
    'hourglass52-384x384': ('Hourglass52', _host('hourglass52_8xb32', 'mpii-384x384')),
    'rtmpose-m': ('RTMPose-m', _rtmpose('m_8xb64-210e', 'mpii-256x256')),
}
