"""What ``import mmpose_light`` does, in whatever order things are imported."""

import subprocess
import sys

import pytest

PROOF = """
from mmpose.registry import HOOKS, METRICS, MODELS, TRANSFORMS
for registry, name in ((MODELS, 'ELHRNet'), (TRANSFORMS, 'RandomScaleRotation'),
                       (METRICS, 'TorsoPCK'), (HOOKS, 'FittingCheckpointHook')):
    assert registry.get(name).__name__ == name, name
import mmpose.models, mmpose.apis
"""


def run(code):
    done = subprocess.run(
        [sys.executable, '-W', 'ignore', '-c', code], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize(
    'imports',
    [
        # the tests themselves begin with `from mmpose_light.models import …`
        'import mmpose_light',
        'import mmpose, mmpose_light',
        'import mmpose_light.deploy; from mmdet.apis import DetInferencer',
        'import mmpose_light; mmpose_light.models.ELHRNet',
    ],
)
def test_everything_is_registered(imports):
    run(imports + PROOF)


def test_import_alone_loads_nothing_heavy():
    loaded = run('import sys, mmpose_light; print(*sys.modules)').split()
    assert 'mmpose_light' in loaded
    heavy = {'torch', 'mmengine', 'mmcv', 'mmpose', 'numpy', 'cv2'} & set(loaded)
    assert not heavy


def test_checkpoints_load_without_mmpose(tmp_path):
    """MMEngine alone reads what MMEngine wrote."""
    file = tmp_path / 'epoch_1.pth'
    out = run(
        'import mmpose_light, torch\n'
        'from mmengine.logging import HistoryBuffer\n'
        'from mmengine.runner import load_checkpoint, save_checkpoint\n'
        'model = torch.nn.Linear(1, 1)\n'
        'log = HistoryBuffer()\n'
        'log.update(1.0)\n'
        'state = dict(state_dict=model.state_dict(), message_hub=dict(loss=log))\n'
        f'save_checkpoint(state, {str(file)!r})\n'
        f'print(sorted(load_checkpoint(model, {str(file)!r})))\n'
    )
    assert "['message_hub', 'state_dict']" in out
