"""Every recipe is its paper's, with its authors' settings where the paper is short.

The values stand here once, as read from the papers and the authors' settings; the
resolved configs are compared with them.
"""

from pathlib import Path

import pytest
from mmengine.config import Config

CONFIGS = Path(__file__).resolve().parents[2] / 'configs'
DETECTOR = 'COCO_val2017_detections_AP_H_56_person.json'

# EL-HRNet, Section 3.2; half body, a validation while training and another NMS than the
# host's are not in it. Scale and rotation are those of HRNet, which it follows.
EL_HRNET_COCO = dict(
    optimizer='Adam',
    lr=1e-3,
    weight_decay=0,
    gpus=1,
    batch_size=16,
    epochs=300,
    schedule=dict(milestones=[120, 170, 200, 260], gamma=0.1),
    flip=0.5,
    half_body=0,
    scale=0.35,
    rotation=45,
    start=None,
    val_boxes=DETECTOR,
    test_boxes=DETECTOR,
    nms=0.9,
    half_precision=False,
)
EL_HRNET_MPII = EL_HRNET_COCO | dict(
    batch_size=8,
    epochs=210,
    schedule=dict(milestones=[170, 200], gamma=0.1),
    scale=0.25,
    rotation=30,
    val_boxes=None,
    test_boxes=None,
    nms=None,
)
# MEMe, Section 4 ("Training"), and the authors' settings.
EEFFPOSE_COCO = dict(
    optimizer='Adam',
    lr=1e-3,
    weight_decay=0,
    gpus=4,
    batch_size=16,
    epochs=215,
    schedule=dict(
        warm_up=[0.2, 0.4, 0.6, 0.8, 1.0],
        monitor='coco/AP',
        factor=0.3,
        patience=5,
        begin=5,
    ),
    flip=0.5,
    half_body=0.3,
    scale=0.35,
    rotation=45,
    start='tf_efficientdet_d0_ap-d0cdbd0a.pth',
    val_boxes=None,
    test_boxes=DETECTOR,
    nms=0.99,
    half_precision=False,
)
EEFFPOSE_MPII = EEFFPOSE_COCO | dict(
    schedule=EEFFPOSE_COCO['schedule'] | dict(monitor='PCK'),
    half_body=0,
    scale=0.25,
    rotation=30,
    test_boxes=None,
    nms=None,
)
D1 = dict(start='tf_efficientdet_d1_ap-7721d075.pth')
D2 = dict(start='tf_efficientdet_d2_ap-a2995c19.pth')
D3 = dict(start='tf_efficientdet_d3_ap-e4a2feab.pth')

SMALL = dict(codec='MSRAHeatmap', sigma=2, unbiased=False, shift_heatmap=True)
LARGE = SMALL | dict(sigma=3)
# These sizes and codecs are ours.
TINY = SMALL | dict(sigma=1)
UDP = SMALL | dict(codec='UDPHeatmap', shift_heatmap=False)

RECIPES = {
    'el_hrnet/td-hm_el-hrnet-w18_1xb16-300e_coco-128x96': EL_HRNET_COCO | TINY,
    'el_hrnet/td-hm_el-hrnet-w18_1xb16-300e_coco-256x192': EL_HRNET_COCO | SMALL,
    'el_hrnet/td-hm_el-hrnet-w32_1xb16-300e_coco-256x192': EL_HRNET_COCO | SMALL,
    'el_hrnet/td-hm_el-hrnet-w32_1xb16-300e_coco-384x288': EL_HRNET_COCO | LARGE,
    'el_hrnet/td-hm_el-hrnet-w32_udp-1xb16-300e_coco-256x192': EL_HRNET_COCO | UDP,
    'el_hrnet/td-hm_el-hrnet-w48_1xb16-300e_coco-256x192': EL_HRNET_COCO | SMALL,
    'el_hrnet/td-hm_l-hrnet-w32_1xb16-300e_coco-256x192': EL_HRNET_COCO | SMALL,
    'el_hrnet/td-hm_el-hrnet-w32_1xb8-210e_mpii-256x256': EL_HRNET_MPII | SMALL,
    'eeffpose/td-hm_eeffpose-p0_4xb16-215e_coco-256x192': EEFFPOSE_COCO | SMALL,
    'eeffpose/td-hm_eeffpose-p1_4xb16-215e_coco-320x240': EEFFPOSE_COCO | D1 | SMALL,
    'eeffpose/td-hm_eeffpose-p2_4xb16-215e_coco-384x288': EEFFPOSE_COCO
    | D2
    | LARGE
    | dict(half_precision=True),
    'eeffpose/td-hm_eeffpose-p3_4xb16-215e_coco-448x336': EEFFPOSE_COCO | D3 | LARGE,
    'eeffpose/td-hm_eeffpose-p0_4xb16-215e_mpii-256x256': EEFFPOSE_MPII | SMALL,
    'eeffpose/td-hm_eeffpose-p2_4xb16-215e_mpii-384x384': EEFFPOSE_MPII | D2 | LARGE,
    **{
        f'eeffpose/ablation/td-hm_eeffpose-p0-{order}_4xb16-215e_coco-256x192': (
            EEFFPOSE_COCO | SMALL
        )
        for order in ('000', '100', '010', '001', '011', '110', '101')
    },
}


def read_schedule(config):
    """Return a schedule in the words of the tables above."""
    first, *others = config.param_scheduler
    if not others:
        assert first.type == 'MultiStepLR'
        assert first.get('by_epoch', True)
        assert first.end == config.train_cfg.max_epochs
        return dict(milestones=first.milestones, gamma=first.gamma)
    (plateau,) = others
    assert (first.type, plateau.type) == ('LinearLR', 'ReduceOnPlateauLR')
    assert first.get('by_epoch', True), 'constant within an epoch'
    assert not first.get('convert_to_iter_based', False)
    assert plateau.rule == 'greater'
    assert plateau.end == config.train_cfg.max_epochs
    assert config.train_cfg.val_interval == 1, 'every epoch is watched'
    start, steps = first.start_factor, first.end - 1
    return dict(
        warm_up=[round(start + (1 - start) * i / steps, 6) for i in range(steps + 1)],
        monitor=plateau.monitor,
        factor=plateau.factor,
        patience=plateau.patience,
        begin=plateau.begin,
    )


def read_augmentation(pipeline):
    """Return what is drawn at random."""
    transforms = {transform['type']: transform for transform in pipeline}
    assert len(transforms) == len(pipeline), 'no transform stands twice'
    random = {name for name in transforms if name.startswith('Random')}
    assert random - {'RandomHalfBody'} == {'RandomFlip', 'RandomScaleRotation'}
    drawn = transforms['RandomScaleRotation']
    assert drawn.get('rotate_prob', 0.6) == 0.6
    return dict(
        flip=transforms['RandomFlip'].get('prob', 0.5),
        half_body=transforms.get('RandomHalfBody', {}).get('prob', 0),
        scale=drawn.scale_factor,
        rotation=drawn.rotate_factor,
    )


def read_recipe(config):
    """Return a resolved config in the words of the tables above."""
    optimizer = config.optim_wrapper.optimizer
    gpus, batch_size = (
        Path(config.filename).stem.split('_')[2].split('-')[-2].split('xb')
    )
    init_cfg = config.model.backbone.get('init_cfg')
    codec = config.codec
    test_cfg = config.model.test_cfg
    assert test_cfg.flip_test
    assert test_cfg.flip_mode == 'heatmap'

    def boxes(loader):
        bbox_file = loader.dataset.get('bbox_file')
        return bbox_file and Path(bbox_file).name

    coco = config.test_evaluator.type == 'CocoMetric'
    nms = {e.get('nms_thr', 0.9) for e in (config.val_evaluator, config.test_evaluator)}
    assert len(nms) == 1
    return dict(
        optimizer=optimizer.type,
        lr=optimizer.lr,
        weight_decay=optimizer.get('weight_decay', 0),
        gpus=int(gpus),
        batch_size=config.train_dataloader.batch_size,
        epochs=config.train_cfg.max_epochs,
        schedule=read_schedule(config),
        **read_augmentation(config.train_dataloader.dataset.pipeline),
        start=init_cfg and init_cfg.checkpoint.rpartition('/')[-1],
        val_boxes=boxes(config.val_dataloader),
        test_boxes=boxes(config.test_dataloader),
        nms=nms.pop() if coco else None,
        # MMPose's --amp switches it on; the config says where the authors did
        half_precision='--amp' in Path(config.filename).read_text(encoding='utf-8'),
        codec=codec.type,
        sigma=codec.sigma,
        unbiased=codec.get('unbiased', False),
        shift_heatmap=test_cfg.shift_heatmap,
    )


@pytest.mark.parametrize('name', RECIPES)
def test_recipe(name):
    config = Config.fromfile(CONFIGS / f'{name}.py')
    assert read_recipe(config) == RECIPES[name]
    assert config.optim_wrapper.get('type', 'OptimWrapper') == 'OptimWrapper'
    preprocessor = config.model.data_preprocessor
    assert list(preprocessor.mean) == [123.675, 116.28, 103.53]
    assert list(preprocessor.std) == [58.395, 57.12, 57.375]
    assert preprocessor.bgr_to_rgb


def test_every_recipe_of_the_papers_data_is_in_the_table():
    leaves = {
        str(path.relative_to(CONFIGS).with_suffix(''))
        for family in ('el_hrnet', 'eeffpose')
        for data in ('coco', 'mpii')
        for path in (CONFIGS / family).rglob(f'td-hm_*_{data}-*.py')
    }
    assert leaves == set(RECIPES)
