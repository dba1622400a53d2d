"""Training through MMPose's runner: resume, several processes, bad input."""

import os
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
import torch.distributed as dist
from mmengine.config import Config
from mmengine.evaluator import BaseMetric
from mmengine.runner import Runner
from mmpose.models import build_pose_estimator
from torch.multiprocessing import start_processes

CONFIGS = Path(__file__).resolve().parents[2] / 'configs'

# the networks of the configs, small and at 64×64
CODEC = dict(
    type='MSRAHeatmap', input_size=(64, 64), heatmap_size=(16, 16), sigma=1
)  # fmt: skip
PATHS = {
    'el-hrnet': 'el_hrnet/td-hm_el-hrnet-w18_1xb16-300e_coco-128x96.py',
    'eeffpose': 'eeffpose/td-hm_eeffpose-p0_4xb16-215e_coco-256x192.py',
}


@pytest.fixture(scope='module')
def networks(small_el_hrnet_extra):
    el_hrnet = dict(
        path=PATHS['el-hrnet'],
        model=dict(
            backbone=dict(extra=small_el_hrnet_extra, reduction=2),
            head=dict(in_channels=8),
        ),
    )
    # its learning rate falls at once
    eeffpose = dict(
        path=PATHS['eeffpose'],
        model=dict(
            backbone=dict(type='SmallEEffNet', init_cfg=None),
            neck=dict(in_channels=(16, 24, 40), num_blocks=1),
        ),
        plateau=dict(begin=1, patience=0),
    )
    return {'el-hrnet': el_hrnet, 'eeffpose': eeffpose}


@pytest.fixture(scope='module', params=PATHS)
def network(request, networks):
    return networks[request.param]


def make_config(network, data_root, work_dir, epochs):
    """A leaf config on the synthetic people, a few steps long."""
    config = Config.fromfile(CONFIGS / network['path'])

    def loader(split):
        return dict(
            batch_size=4,
            num_workers=1,
            persistent_workers=False,
            dataset=dict(
                data_root=str(data_root),
                ann_file=f'annotations/person_keypoints_{split}.json',
                data_prefix=dict(img=f'{split}/'),
                **({} if split == 'train' else dict(bbox_file=None)),
            ),
        )

    config.model.head.decoder = CODEC
    for split in ('train', 'val', 'test'):
        for transform in config[f'{split}_dataloader'].dataset.pipeline:
            if transform.type == 'TopdownAffine':
                transform.input_size = CODEC['input_size']
            elif transform.type == 'GenerateTarget':
                transform.encoder = CODEC
    config.param_scheduler[-1].update(network.get('plateau', {}))

    evaluator = dict(ann_file=f'{data_root}/annotations/person_keypoints_val.json')
    config.merge_from_dict(
        dict(
            train_dataloader=loader('train'),
            val_dataloader=loader('val'),
            test_dataloader=loader('val'),
            val_evaluator=evaluator,
            test_evaluator=evaluator,
            model=network['model'],
            train_cfg=dict(max_epochs=epochs, val_interval=1),
            default_hooks=dict(checkpoint=dict(interval=1)),
            work_dir=str(work_dir),
            randomness=dict(seed=0),
        )
    )
    return config


def weights(work_dir, epoch):
    return torch.load(work_dir / f'epoch_{epoch}.pth', weights_only=True)


@pytest.fixture(scope='module')
def trained(network, synthetic_coco, tmp_path_factory):
    """The work directory of two epochs of training, and the AP of the last."""
    work_dir = tmp_path_factory.mktemp('trained')
    runner = Runner.from_cfg(make_config(network, synthetic_coco, work_dir, epochs=2))
    runner.train()
    ap = runner.message_hub.get_scalar('val/coco/AP').current()
    return SimpleNamespace(work_dir=work_dir, ap=ap)


def test_resume_equals_uninterrupted_training(
    network, trained, synthetic_coco, tmp_path
):
    config = make_config(network, synthetic_coco, tmp_path, epochs=2)
    config.resume, config.load_from = True, str(trained.work_dir / 'epoch_1.pth')
    Runner.from_cfg(config).train()

    first = weights(trained.work_dir, 1)['state_dict']
    whole, resumed = weights(trained.work_dir, 2), weights(tmp_path, 2)
    assert whole['meta']['iter'] == resumed['meta']['iter'] > 0
    assert whole['param_schedulers'] == resumed['param_schedulers']
    torch.testing.assert_close(
        whole['state_dict'], resumed['state_dict'], rtol=0, atol=0
    )
    moved = [k for k in first if not torch.equal(first[k], whole['state_dict'][k])]
    assert len(moved) > len(first) // 2, 'the epoch after the resume trained'


def test_saved_checkpoint_is_tested_through_the_config(
    network, trained, synthetic_coco, tmp_path
):
    config = make_config(network, synthetic_coco, tmp_path, epochs=1)
    config.load_from = str(trained.work_dir / 'epoch_2.pth')
    assert Runner.from_cfg(config).test()['coco/AP'] == pytest.approx(trained.ap)


def test_checkpoint_of_another_model_is_refused(networks, synthetic_coco, tmp_path):
    """MMEngine alone would test random weights and only warn."""
    config = make_config(networks['el-hrnet'], synthetic_coco, tmp_path, epochs=1)
    model = build_pose_estimator(config.model)
    torch.save(dict(state_dict=model.state_dict()), tmp_path / 'la-form.pth')
    config.load_from = str(tmp_path / 'la-form.pth')
    config.model.backbone.attention = False
    with pytest.raises(
        ValueError, match=r'la-form\.pth does not fit.*not in the model'
    ):
        Runner.from_cfg(config).test()


def train_in_two_processes(rank, config_file, folder):
    """Train as one of two processes, and see that both get the same weights."""
    torch.set_num_threads(1)
    config = Config.fromfile(config_file)
    # by hand and with gloo: MMEngine's launcher would look for a GPU
    os.environ['LOCAL_RANK'] = str(rank)
    dist.init_process_group(
        'gloo', init_method=f'file://{folder}/store', rank=rank, world_size=2
    )
    config.launcher = 'pytorch'
    runner = Runner.from_cfg(config)
    runner.train()
    total = sum(p.double().sum().item() for p in runner.model.parameters())
    totals = [None] * dist.get_world_size()
    dist.all_gather_object(totals, total)
    assert len(totals) == 2 and totals[0] == totals[1], totals
    assert runner.iter > 2
    # neither may leave while the other still listens
    dist.barrier()
    dist.destroy_process_group()


@pytest.mark.usefixtures('fork')
def test_two_processes(network, synthetic_coco, tmp_path):
    """DDP refuses the second step if a parameter got no gradient in the first."""
    config = make_config(network, synthetic_coco, tmp_path, epochs=2)
    config.train_dataloader.batch_size = 2
    config.train_cfg.val_begin = 2
    config.model_wrapper_cfg = dict(
        type='MMDistributedDataParallel', device_ids=None, find_unused_parameters=False
    )
    config.dump(tmp_path / 'config.py')
    start_processes(
        train_in_two_processes,
        (tmp_path / 'config.py', tmp_path),
        nprocs=2,
        start_method='fork',
    )
    assert (tmp_path / 'epoch_2.pth').is_file()


class Stalled(BaseMetric):
    """An AP that never rises."""

    default_prefix = 'coco'

    def process(self, data_batch, data_samples):
        self.results.append(0)

    def compute_metrics(self, results):
        return dict(AP=0.5)


@pytest.mark.parametrize('path', PATHS.values(), ids=PATHS)
def test_auto_scale_lr_scales_the_whole_schedule(path, toy, tmp_path):
    """Warm-up, steps and plateau alike; a quarter of 4 × 16 in one process."""
    config = Config.fromfile(CONFIGS / path)
    base = config.auto_scale_lr.base_batch_size

    def learning_rates(scale):
        runner = Runner(
            toy.model(),
            str(tmp_path),
            train_dataloader=toy.loader(base // 4, batch_size=base // 4),
            val_dataloader=toy.loader(1),
            train_cfg=dict(by_epoch=True, max_epochs=14, val_interval=1),
            val_cfg=dict(),
            val_evaluator=[Stalled()],
            optim_wrapper=config.optim_wrapper,
            param_scheduler=config.param_scheduler,
            auto_scale_lr=dict(config.auto_scale_lr, enable=scale),
            default_scope='mmpose',
            log_level='WARNING',
            experiment_name=f'{tmp_path.name}-{scale}',
        )
        runner.train()
        return runner.message_hub.get_scalar('train/lr').data[0]

    rates, scaled = learning_rates(False), learning_rates(True)
    assert scaled == pytest.approx(rates / 4)
    if path == PATHS['eeffpose']:
        assert rates[0] < rates[6] > rates[13], 'it warms up, and falls when AP stalls'


def test_mixed_precision_stays_finite(network, synthetic_coco, tmp_path):
    """By hand, as MMEngine's AmpOptimWrapper wants a GPU."""
    config = make_config(network, synthetic_coco, tmp_path, epochs=1)
    config.train_dataloader.batch_size = 2
    runner = Runner.from_cfg(config)
    batch = next(iter(Runner.build_dataloader(runner.cfg.train_dataloader)))
    model = runner.model.train()
    model.train_cfg = dict(compute_acc=False)  # numpy knows no bfloat16
    model.init_weights()
    with torch.autocast('cpu', torch.bfloat16):
        losses = model(**model.data_preprocessor(batch, training=True), mode='loss')
    losses['loss_kpt'].backward()
    assert losses['loss_kpt'].isfinite()
    assert all(p.grad.isfinite().all() for p in model.parameters())


def test_missing_annotation_file_is_named(networks, synthetic_coco, tmp_path):
    config = make_config(networks['el-hrnet'], synthetic_coco, tmp_path, epochs=1)
    config.train_dataloader.dataset.ann_file = 'annotations/nowhere.json'
    with pytest.raises(AssertionError, match=r'nowhere\.json.*does not exist'):
        Runner.from_cfg(config).train()


def test_unreadable_photograph_is_named(networks, synthetic_coco, tmp_path):
    """A jpeg cut off within its header; later, OpenCV fills the rest with gray."""
    for split in ('train', 'val', 'annotations'):
        (tmp_path / split).mkdir()
        for file in (synthetic_coco / split).iterdir():
            (tmp_path / split / file.name).write_bytes(file.read_bytes())
    broken = sorted((tmp_path / 'train').iterdir())[0]
    broken.write_bytes(broken.read_bytes()[:100])
    config = make_config(networks['el-hrnet'], tmp_path, tmp_path / 'work', epochs=1)
    config.train_dataloader.num_workers = 0
    with pytest.raises(Exception, match=broken.name):
        Runner.from_cfg(config).train()
