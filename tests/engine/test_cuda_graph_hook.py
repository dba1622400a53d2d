"""Training by CUDA graphs gives what training without them gives."""

import pytest
import torch
from mmengine.config import Config
from mmengine.runner import Runner

from mmpose_light.utils.errors import UserError

GPU = torch.cuda.is_available()
EPOCHS = dict(by_epoch=True, max_epochs=2)


@pytest.fixture
def train(tmp_path, repo_dir, tiny_el_hrnet_extra, synthetic_coco):
    """Train a small network for two epochs, and return what it came to."""
    base = repo_dir / 'configs/el_hrnet/td-hm_el-hrnet-w18_1xb16-300e_coco-128x96.py'

    def run(graphs, drop_last=True, train_cfg=EPOCHS, **optim_wrapper):
        work_dir = tmp_path / ('graphs' if graphs else 'usual')
        cfg = Config.fromfile(base)
        cfg.merge_from_dict(
            dict(
                work_dir=str(work_dir),
                experiment_name=f'{tmp_path.name}_{work_dir.name}',
                log_level='ERROR',
                model=dict(
                    backbone=dict(extra=tiny_el_hrnet_extra),
                    head=dict(in_channels=8),
                    train_cfg=dict(compute_acc=False),  # numpy has no bfloat16
                ),
                param_scheduler=[],
                randomness=dict(seed=0),
            )
        )
        # by Adam, rounding decides on a weight whose gradient is next to nothing
        cfg.optim_wrapper = dict(optimizer=dict(type='SGD', lr=10.0), **optim_wrapper)
        loader = cfg.train_dataloader
        loader.update(
            batch_size=4, num_workers=0, persistent_workers=False, drop_last=drop_last
        )
        loader.dataset.update(
            data_root=str(synthetic_coco),
            ann_file='annotations/person_keypoints_train.json',
            data_prefix=dict(img='train/'),
        )
        cfg.train_cfg = train_cfg
        for key in ('val_dataloader', 'val_cfg', 'val_evaluator', 'test_dataloader',
                    'test_cfg', 'test_evaluator'):  # fmt: skip
            cfg[key] = None
        if graphs:
            cfg.merge_from_dict({'default_hooks.cuda_graphs.type': 'CUDAGraphHook'})
        runner = Runner.from_cfg(cfg)
        start = {k: v.clone() for k, v in runner.model.state_dict().items()}
        runner.train()
        assert ('forward' in vars(runner.model.backbone)) == graphs
        return start, runner.model.state_dict()

    return run


@pytest.mark.skipif(not GPU, reason='needs a GPU')
@pytest.mark.parametrize(
    'precision', [{}, dict(type='AmpOptimWrapper', dtype='bfloat16')]
)
def test_graphs_train_as_usual(train, precision):
    tolerance = 0.5 if precision else 0.1  # of the way that a weight goes
    start, usual = train(graphs=False, **precision)
    _, graphed = train(graphs=True, **precision)
    for key, before in start.items():
        if not before.is_floating_point():
            assert torch.equal(graphed[key], usual[key]), key
            continue
        way = (usual[key] - before).norm()
        assert (graphed[key] - usual[key]).norm() <= tolerance * way + 1e-4, key
    assert any(not torch.equal(usual[key], start[key]) for key in start)


@pytest.mark.parametrize(
    ('settings', 'wanted'),
    [
        (dict(drop_last=False), 'train_dataloader.drop_last=True'),
        (dict(accumulative_counts=2), 'leave accumulative_counts out'),
        (dict(train_cfg=dict(by_epoch=False, max_iters=1)), 'train_cfg.by_epoch=True'),
        pytest.param(
            {},
            'a model on one GPU: train on one',
            marks=pytest.mark.skipif(GPU, reason='there is a GPU'),
        ),
    ],
)
def test_what_a_recording_does_not_go_with(train, settings, wanted):
    with pytest.raises(UserError, match=f'{wanted}, or leave CUDAGraphHook out'):
        train(graphs=True, **settings)
