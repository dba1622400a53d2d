"""Prove that a training loses nothing: kills, a full disk, two processes for one.

    python tests/prove_training.py kills --times 20 --workers 2
    python tests/prove_training.py disk
    python tests/prove_training.py processes

A small EL-HRNet is trained on drawn people, with augmentation, on the CPU. Each part
prints what it saw, and ends with an error if anything was lost.
"""

import argparse
import json
import os
import random
import resource
import signal
import tempfile
import time
from pathlib import Path

import torch
import torch.distributed as dist
from mmengine.config import Config
from mmengine.hooks import Hook
from mmengine.runner import Runner

import mmpose_light  # noqa: F401  (registers the modules)
from mmpose_light.checkpoints.loading import find_whole_checkpoint
from mmpose_light.datasets.synthetic_people import write_synthetic_people
from mmpose_light.utils.checkpoint import read_checkpoint

CONFIG = Path(__file__).parents[1] / 'configs/el_hrnet'
CODEC = dict(type='MSRAHeatmap', input_size=(64, 64), heatmap_size=(16, 16), sigma=1)
STEPS = 20  # of the comparison of one process with two


def make_config(data: Path, work_dir: Path, epochs: int, batch: int, workers: int):
    """A config of this repository, small; all that it does at random stays on."""
    config = Config.fromfile(CONFIG / 'td-hm_el-hrnet-w18_1xb16-300e_coco-128x96.py')
    channels = (8, 16, 32, 64)
    stages = {
        f'stage{n}': dict(
            num_modules=1,
            num_branches=n,
            num_blocks=(1,) * n,
            num_channels=channels[:n],
            block='BOTTLENECK' if n == 1 else 'BASIC',
        )
        for n in (1, 2, 3, 4)
    }
    config.model.backbone.update(extra=stages)
    config.model.head.update(in_channels=8, decoder=CODEC)
    for split in ('train', 'val'):
        loader = config[f'{split}_dataloader']
        loader.update(num_workers=workers, persistent_workers=workers > 0)
        loader.batch_size = batch
        loader.dataset.data_root = str(data)
        loader.dataset.ann_file = f'annotations/person_keypoints_{split}.json'
        loader.dataset.data_prefix = dict(img=f'{split}/')
        for transform in loader.dataset.pipeline:
            if transform.type == 'TopdownAffine':
                transform.input_size = CODEC['input_size']
            elif transform.type == 'GenerateTarget':
                transform.encoder = CODEC
    config.val_dataloader.dataset.bbox_file = None
    config.val_evaluator.ann_file = str(data / 'annotations/person_keypoints_val.json')
    config.test_dataloader = config.test_evaluator = config.test_cfg = None
    config.train_cfg = dict(by_epoch=True, max_epochs=epochs, val_interval=2)
    config.default_hooks.checkpoint.update(interval=1, max_keep_ckpts=1)
    config.update(work_dir=str(work_dir), resume=True, randomness=dict(seed=0))
    config.log_level = 'ERROR'
    return config


def start(config: Config, *hooks: Hook, rank: int = 0, processes: int = 1) -> int:
    """Train in a process of its own, the head of a group; return its id."""
    child = os.fork()
    if child:
        return child
    os.setsid()
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.dup2(os.open(f'{config.work_dir}.err', os.O_WRONLY | os.O_CREAT), 2)
    code = 1
    try:
        torch.set_num_threads(1)
        torch.use_deterministic_algorithms(True, warn_only=True)
        if processes > 1:
            store = f'file://{config.work_dir}.store'
            dist.init_process_group('gloo', store, rank=rank, world_size=processes)
            config.launcher = 'pytorch'
            os.environ['LOCAL_RANK'] = str(rank)
        runner = Runner.from_cfg(config)
        for hook in hooks:
            runner.register_hook(hook)
        runner.train()
        code = 0
    except Exception as error:
        os.write(2, repr(error).encode())
    finally:
        os._exit(code)


def finish(child: int) -> int:
    """Wait for a process; return its exit code."""
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def prove_kills(folder: Path, data: Path, times: int, workers: int) -> None:
    """Kill and resume one training, and compare it with one that was left alone."""
    epochs = 12
    whole = make_config(data, folder / 'whole', epochs, 4, workers)
    begun = time.time()
    assert finish(start(whole)) == 0, Path(f'{whole.work_dir}.err').read_text()
    span = time.time() - begun
    config = make_config(data, folder / 'killed', epochs, 4, workers)
    kills = dict(writing=0, elsewhere=0)
    while sum(kills.values()) < times:
        left = set(folder.glob('killed/.*.part*'))
        child, begun = start(config), time.time()
        in_writing = kills['writing'] < times // 2
        part = random.randint(1, 6)  # at which file of this run
        delay = random.random() * span * 0.7
        seen, before = 0, left
        while os.waitpid(child, os.WNOHANG) == (0, 0):
            parts = set(folder.glob('killed/.*.part*'))
            seen, before = seen + len(parts - before), parts
            if (in_writing and seen >= part) or time.time() > begun + delay + span:
                break
            if not in_writing and time.time() > begun + delay:
                break
            time.sleep(0.0002)
        else:
            break  # it was done: fewer kills than asked for
        os.killpg(child, signal.SIGKILL)
        os.waitpid(child, 0)
        torn = set(folder.glob('killed/.*.part*')) - left
        kills['writing' if torn else 'elsewhere'] += 1
        lines = []
        last = find_whole_checkpoint(folder / 'killed', lines.append)
        assert not lines, lines
        print(f'killed {"while writing" if torn else "elsewhere"}, goes on from {last}')
    assert finish(start(config)) == 0, Path(f'{config.work_dir}.err').read_text()
    one, other = (
        read_checkpoint(folder / name / f'epoch_{epochs}.pth')
        for name in ('whole', 'killed')
    )
    for key, value in one['state_dict'].items():
        assert torch.equal(value, other['state_dict'][key]), key
    assert sum(kills.values()) == times and kills['writing'] >= times // 2, kills
    print(f'{kills}: the weights are those of the run that was left alone, bit by bit')


class LimitFiles(Hook):
    """After the first epoch no file may be larger than a part of its checkpoint."""

    def __init__(self, part: float) -> None:
        self.part = part

    def before_train_epoch(self, runner: Runner) -> None:
        if runner.epoch == 1:
            size = Path(runner.work_dir, 'epoch_1.pth').stat().st_size
            limit = int(size * self.part)
            resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))


def prove_disk(folder: Path, data: Path) -> None:
    """Let the disk be full at ten points of writing the second checkpoint."""
    for tenth in range(10):
        config = make_config(data, folder / str(tenth), 3, 4, 0)
        assert finish(start(config, LimitFiles(tenth / 10 + 0.05))) == 1
        error = Path(f'{config.work_dir}.err').read_text()
        assert 'epoch_2.pth cannot be written' in error, error
        last = find_whole_checkpoint(config.work_dir, print)
        assert last.endswith('epoch_1.pth'), last
        assert finish(start(config)) == 0
    print('disk full at ten points: the checkpoint before loads, and is gone on from')


class NoteLosses(Hook):
    """Write down the loss of each step, over all processes."""

    def __init__(self, path: Path) -> None:
        self.path, self.losses = path, []

    def after_train_iter(self, runner, batch_idx, data_batch=None, outputs=None):
        loss = outputs['loss'].detach().double()
        if dist.is_initialized():
            dist.all_reduce(loss)
            loss /= dist.get_world_size()
        self.losses.append(float(loss))
        self.path.write_text(json.dumps(self.losses))


def prove_processes(folder: Path, data: Path) -> None:
    """Compare the losses of two processes with those of one, of the same batch."""
    for processes in (1, 2):
        config = make_config(data, folder / str(processes), 10, 4 // processes, 0)
        config.model.backbone.norm_eval = True  # a process has its own batches' means
        # Adam makes steps of gradients that are nothing but rounding
        config.optim_wrapper.optimizer = dict(type='SGD', lr=0.05)
        config.train_cfg.val_interval = config.default_hooks.checkpoint.interval = 99
        config.model_wrapper_cfg = dict(
            type='MMDistributedDataParallel', device_ids=None
        )
        children = [
            start(
                config,
                NoteLosses(folder / f'{processes}-{rank}.json'),
                rank=rank,
                processes=processes,
            )
            for rank in range(processes)
        ]
        codes = [finish(child) for child in children]
        assert not any(codes), Path(f'{config.work_dir}.err').read_text()
    one, two = (json.loads((folder / f'{n}-0.json').read_text()) for n in (1, 2))
    assert len(one) >= STEPS, len(one)
    worst = max(abs(a - b) / abs(a) for a, b in zip(one[:STEPS], two, strict=False))
    print(f'losses of one process: {one[0]:.4g} … {one[STEPS - 1]:.4g}')
    print(f'{STEPS} steps of two processes: within {worst:.1e} of them')
    assert one[STEPS - 1] < one[0] and worst < 1e-5


def main() -> None:
    """Read what is to be proved, and prove it in a folder for the time."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('what', choices=['kills', 'disk', 'processes'])
    parser.add_argument('--times', type=int, default=20, help='kills')
    parser.add_argument('--workers', type=int, default=2, help='of the kills')
    parser.add_argument('--seed', type=int, help='when to kill; any by default')
    args = parser.parse_args()
    random.seed(args.seed)
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        write_synthetic_people(folder, 6, seed=0, split='train', max_people=2)
        write_synthetic_people(folder, 3, seed=1, split='val', max_people=2)
        if args.what == 'kills':
            prove_kills(folder, folder, args.times, args.workers)
        else:
            dict(disk=prove_disk, processes=prove_processes)[args.what](folder, folder)


if __name__ == '__main__':
    main()
