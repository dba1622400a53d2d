"""What the study's tests share."""

from pathlib import Path

import pytest

from mmpose_light.study import StudyData


@pytest.fixture
def data(synthetic_coco) -> StudyData:
    annotations = 'annotations/person_keypoints_{}.json'
    return StudyData.below(
        synthetic_coco, annotations.format('train'), 'train',
        annotations.format('val'), 'val',
    )  # fmt: skip


@pytest.fixture(scope='module')
def protocol(repo_dir, tiny_el_hrnet_extra, tmp_path_factory) -> Path:
    """The study's protocol at 128×96 with two small networks, each epoch evaluated."""
    path = tmp_path_factory.mktemp('protocol') / 'small.py'
    base = repo_dir / 'configs/study/lspet-256x192.py'
    config = repo_dir / 'configs/el_hrnet/td-hm_el-hrnet-w18_1xb16-300e_coco-128x96.py'
    model = dict(backbone=dict(extra=tiny_el_hrnet_extra), head=dict(in_channels=8))
    entry = dict(title='LA', config=str(config), lr=1e-3, model=model)
    other = dict(
        title='L',
        config=str(config),
        lr=2e-3,
        model=dict(model, backbone=dict(model['backbone'], attention=False)),
    )
    path.write_text(f"""
_base_ = {str(base)!r}
networks = dict(_delete_=True, **{dict(la=entry, l=other)!r})
input_size = (96, 128)
train_pipeline = _base_.train_pipeline
train_pipeline[5].input_size = input_size
val_pipeline = _base_.val_pipeline
val_pipeline[2].input_size = input_size
train_dataloader = dict(dataset=dict(pipeline=train_pipeline))
val_dataloader = dict(dataset=dict(pipeline=val_pipeline))
train_cfg = dict(val_interval=1)
default_hooks = dict(checkpoint=dict(interval=1))
""")
    return path
