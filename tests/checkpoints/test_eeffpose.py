"""The published weights: exact numbers, measured outputs, every way to go wrong."""

import hashlib
import json
import os
import zlib
from collections import OrderedDict

import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmpose.apis import init_model

from mmpose_light.checkpoints.eeffpose import (
    EEffPoseModel,
    convert,
    convert_state_dict,
    guess_head,
    identify,
)
from mmpose_light.checkpoints.eeffpose_names import rename
from mmpose_light.cli import main
from mmpose_light.models import FAHead, FSHead
from mmpose_light.utils.complexity import count_macs, count_parameters
from mmpose_light.utils.errors import UserError

# The published layout, written down independently of the converter

ARCHS = {
    'p0': dict(
        stem=32, widths=[16, 24, 40, 80, 112, 192, 320], depths=[1, 2, 2, 3, 3, 4, 1]
    ),
    'p2': dict(
        stem=32, widths=[16, 24, 48, 88, 120, 208, 352], depths=[2, 3, 3, 4, 4, 5, 2]
    ),
}
NECKS = {'p0': (64, 3), 'p2': (112, 5)}
KERNELS = [3, 3, 5, 3, 5, 5, 3]


def conv(name, c_out, c_in, k=1, bias=False):
    keys = {f'{name}.weight': [c_out, c_in, k, k]}
    return keys | ({f'{name}.bias': [c_out]} if bias else {})


def norm(name, c):
    tensors = ('weight', 'bias', 'running_mean', 'running_var')
    keys = {f'{name}.{tensor}': [c] for tensor in tensors}
    return keys | {f'{name}.num_batches_tracked': []}


def block(name, c_in, c_out, k, expand=6):
    mid = c_in * expand
    keys = conv(f'{name}.se.conv_reduce', c_in // 4, mid, bias=True)
    keys |= conv(f'{name}.se.conv_expand', mid, c_in // 4, bias=True)
    keys |= conv(f'{name}.conv_dw', mid, 1, k)
    if expand == 1:
        keys |= conv(f'{name}.conv_pw', c_out, mid)
        return keys | norm(f'{name}.bn1', mid) | norm(f'{name}.bn2', c_out)
    keys |= conv(f'{name}.conv_pw', mid, c_in) | conv(f'{name}.conv_pwl', c_out, mid)
    for i, c in enumerate((mid, mid, c_out), 1):
        keys |= norm(f'{name}.bn{i}', c)
    return keys


def fusion(name, ins, outs):
    keys = {}
    for i, c_out in enumerate(outs):
        add = f'{name}addup_layers.{i}'
        keys[f'{add}.weights'] = [1, c_out, len(ins), 1, 1]
        for j, c_in in enumerate(ins):
            if c_in != c_out:
                unit = f'{add}.sample_layers.{j}.{int(j < i)}.conv'
                keys |= conv(f'{unit}.0', c_out, c_in) | norm(f'{unit}.1', c_out)
        keys |= block(f'{name}mixup_layers.{i}', c_out, c_out, 5)
        if ins[i] != c_out:
            unit = f'{name}fixup_layers.{i}.conv'
            keys |= conv(f'{unit}.0', c_out, ins[i]) | norm(f'{unit}.1', c_out)
    return keys


def effnet(size):
    arch, keys = ARCHS[size], {}
    keys |= conv('hr_backbone.conv_stem', arch['stem'], 3, 3)
    keys |= norm('hr_backbone.bn1', arch['stem'])
    c_in = arch['stem']
    for s, (width, depth, k) in enumerate(
        zip(arch['widths'], arch['depths'], KERNELS, strict=True)
    ):
        for b in range(depth):
            expand = 1 if s == 0 else 6
            keys |= block(f'hr_backbone.blocks.{s}.{b}', c_in, width, k, expand)
            c_in = width
    return keys


def eeffnet(size):
    arch, keys = ARCHS[size], {}
    widths = arch['widths']
    keys |= conv('hr_backbone.0', arch['stem'], 3, 3) | norm(
        'hr_backbone.1', arch['stem']
    )
    c_in = arch['stem']
    for s, (width, depth, k) in enumerate(
        zip(widths, arch['depths'], KERNELS, strict=True)
    ):
        kept = [[], [], [], [2], [2], [2, 4], [2, 4]][s]
        for b in range(depth):
            for branch, source in enumerate(kept):
                c = widths[source]
                name = f'hr_backbone.{s + 3}.branches.{branch}.{b}'
                keys |= block(name, c, c, KERNELS[source])
            name = f'hr_backbone.{s + 3}.branches.{len(kept)}.{b}'
            keys |= block(name, c_in, width, k, 1 if s == 0 else 6)
            c_in = width
        if kept:
            scales = [widths[i] for i in [*kept, s]]
            keys |= fusion(f'hr_backbone.{s + 3}.fuse_layers.', scales, scales)
    return keys


def tf_neck(size):
    (width, repeats), keys = NECKS[size], {}
    ins = [ARCHS[size]['widths'][i] for i in (2, 4, 6)]
    for b in range(repeats):
        keys |= fusion(f'fpn.{b}.', ins if b == 0 else [width] * 3, [width] * 3)
    return keys


def bifpn(size):
    (width, repeats), keys = NECKS[size], {}
    ins = [ARCHS[size]['widths'][i] for i in (2, 4, 6)]

    def unit(name, c_in):
        name = f'{name}.conv'
        return conv(f'{name}.conv', width, c_in, bias=True) | norm(f'{name}.bn', width)

    keys |= unit('fpn.resample.3', ins[-1])
    for c in range(repeats):
        # nodes of levels 3, 2, 1, 0, 1, 2, 3, 4
        for n, level in enumerate([3, 2, 1, 0, 1, 2, 3, 4]):
            name = f'fpn.cell.{c}.fnode.{n}'
            keys[f'{name}.combine.edge_weights'] = [3 if n in (4, 5, 6) else 2]
            if c == 0 and level < 3:
                keys |= unit(f'{name}.combine.resample.{level}', ins[level])
            name += '.after_combine.conv'
            keys |= conv(f'{name}.conv_dw', width, 1, 3)
            keys |= conv(f'{name}.conv_pw', width, width, bias=True)
            keys |= norm(f'{name}.bn', width)
    return keys


def published_keys(size='p0', order='111', num_keypoints=17):
    keys = (effnet, eeffnet)[int(order[0])](size) | (bifpn, tf_neck)[int(order[1])](
        size
    )
    for j in range((5, 3)[int(order[1])]):
        name = f'final_layer.layers.{j}'
        keys |= conv(f'{name}.0', num_keypoints, NECKS[size][0])
        keys |= norm(f'{name}.1', num_keypoints)
    return keys


def fill(keys):
    """The weights for which the published outputs were measured."""
    weights = OrderedDict()
    for key, shape in keys.items():
        noise = np.random.default_rng(zlib.crc32(key.encode())).standard_normal(shape)
        if key.endswith('num_batches_tracked'):
            noise = np.zeros(shape)
        elif key.endswith('running_var'):
            noise = 0.5 + np.abs(noise)
        elif key.endswith('running_mean'):
            noise = 0.1 * noise
        elif key.endswith('.weights'):
            noise = 0.1 + np.abs(noise)
        elif key.endswith('bias'):
            noise = 0.1 * noise
        elif len(shape) == 1:
            noise = 1 + 0.1 * noise
        else:
            noise = noise * np.sqrt(1 / np.prod(shape[1:]))
        weights[key] = torch.tensor(noise, dtype=torch.float32)
    return weights


def zeros(keys):
    return {key: torch.zeros(shape) for key, shape in keys.items()}


REFERENCES = {
    '111': 'eeffpose_p0_coco_256x192',
    '000': 'eeffbase_000_coco_256x192',
}
COUNTS = {
    ('p0', '111', 17): 9_007_292,
    ('p0', '111', 16): 9_007_094,
    ('p2', '111', 17): 16_759_630,
    ('p2', '111', 16): 16_759_288,
    ('p0', '000', 17): 3_797_279,
    ('p0', '001', 17): 3_797_279,
    ('p0', '010', 17): 4_380_786,
    ('p0', '011', 17): 4_380_786,
    ('p0', '100', 17): 8_423_785,
    ('p0', '101', 17): 8_423_785,
    ('p0', '110', 17): 9_007_292,
}
CONFIGS = {
    ('p0', '111', 17): 'configs/eeffpose/td-hm_eeffpose-p0_4xb16-215e_coco-256x192.py',
    ('p0', '111', 16): 'configs/eeffpose/td-hm_eeffpose-p0_4xb16-215e_mpii-256x256.py',
    ('p2', '111', 17): 'configs/eeffpose/td-hm_eeffpose-p2_4xb16-215e_coco-384x288.py',
    ('p2', '111', 16): 'configs/eeffpose/td-hm_eeffpose-p2_4xb16-215e_mpii-384x384.py',
} | {
    ('p0', order, 17): (
        'configs/eeffpose/ablation/'
        f'td-hm_eeffpose-p0-{order}_4xb16-215e_coco-256x192.py'
    )
    for order in ('000', '001', '010', '011', '100', '101', '110')
}


@pytest.fixture(scope='module')
def p0_file(tmp_path_factory):
    """A published file of EEffPose-P0 on COCO."""
    path = tmp_path_factory.mktemp('published') / 'model_best.pth'
    torch.save(fill(published_keys()), path)
    return path


@pytest.fixture(scope='module')
def base_keys():
    return published_keys(order='000')


class Whole(torch.nn.Module):
    """The parts in a row."""

    def __init__(self, parts):
        super().__init__()
        self.parts = parts

    def forward(self, x):
        return self.parts.head(self.parts.neck(self.parts.backbone(x)))


# The models


@pytest.mark.parametrize(('order', 'name'), REFERENCES.items())
def test_layout_above_is_the_published_one(order, name, repo_dir):
    reference = json.loads((repo_dir / f'tests/data/{name}.keys.json').read_text())
    assert published_keys(order=order) == dict(reference['state_dict'])
    assert COUNTS['p0', order, 17] == reference['params']


@pytest.mark.parametrize(('model', 'count'), COUNTS.items())
def test_published_models(model, count):
    """Each is told by its tensors, takes all of them, and has the published size."""
    size, order, num_keypoints = model
    published = zeros(published_keys(*model))
    found, _ = identify(published, f'{size}-{order}')
    assert found == EEffPoseModel(*model)
    assert found.config == CONFIGS[model]
    assert identify(published)[0].order[:2] == order[:2]
    built = found.build()
    assert count_parameters(built) == count
    built.load_state_dict(convert_state_dict(published, found))


@pytest.mark.parametrize(
    ('model', 'input_size', 'macs'),
    [
        (('p0', '111', 17), (192, 256), 4_842_583_616),
        (('p0', '111', 16), (256, 256), 6_455_918_144),
        (('p2', '111', 17), (288, 384), 22_526_727_424),
        (('p2', '111', 16), (384, 384), 30_033_293_056),
    ],
)
def test_published_macs(model, input_size, macs):
    whole = Whole(EEffPoseModel(*model).build()).to('meta')
    assert count_macs(whole, input_size) == macs


@pytest.mark.parametrize(('order', 'name'), REFERENCES.items())
@torch.no_grad()
def test_measured_outputs(order, name, repo_dir):
    """By the authors' implementation: heatmaps, and every feature map's statistics."""
    published = fill(published_keys(order=order))
    found, head_known = identify(published)
    assert (found.order, head_known) == (order, 'assumed')
    model = found.build().eval()
    model.load_state_dict(convert_state_dict(published, found))

    x = np.random.default_rng(0).standard_normal((1, 3, 256, 192))
    backbone = model.backbone(torch.tensor(x, dtype=torch.float32))
    neck = model.neck(backbone)
    measured = np.load(repo_dir / f'tests/data/{name}.npz')
    for part, outs in (('backbone', backbone), ('neck', neck)):
        assert f'{part}_{len(outs)}_mean_std' not in measured
        for i, out in enumerate(outs):
            mean_std = [out.mean().item(), out.std().item()]
            np.testing.assert_allclose(
                mean_std, measured[f'{part}_{i}_mean_std'], rtol=1e-5, atol=1e-5
            )
    difference = np.abs(model.head(neck).numpy() - measured['heatmaps'])
    assert difference.max() < 2e-5


# The converter


@torch.no_grad()
def test_checkpoint_serves_init_model(p0_file, tmp_path, repo_dir):
    done = convert(p0_file, tmp_path / 'new' / 'p0.pth')
    meta = torch.load(done.out, weights_only=True)['meta']
    assert done.sha256 == hashlib.sha256(p0_file.read_bytes()).hexdigest()
    assert meta['source_sha256'] == done.sha256
    assert meta['source'] == 'model_best.pth'
    assert meta['config'] == CONFIGS['p0', '111', 17]
    assert meta['model'] == 'p0'

    codec = dict(
        type='MSRAHeatmap', input_size=(192, 256), heatmap_size=(48, 64), sigma=2
    )
    config = dict(
        type='TopdownPoseEstimator',
        data_preprocessor=dict(type='PoseDataPreprocessor'),
        backbone=dict(type='EEffNet', arch='b0'),
        neck=dict(
            type='TFNeck', in_channels=[40, 112, 320], out_channels=64, num_blocks=3
        ),
        head=dict(type='FAHead', in_channels=[64] * 3, out_channels=17, decoder=codec),
    )
    model = init_model(Config(dict(model=config)), str(done.out), device='cpu')
    assert model.dataset_meta['dataset_name'] == 'coco'
    x = np.random.default_rng(0).standard_normal((1, 3, 256, 192))
    heatmaps = model(torch.tensor(x, dtype=torch.float32), None)
    measured = np.load(repo_dir / 'tests/data/eeffpose_p0_coco_256x192.npz')['heatmaps']
    assert np.abs(heatmaps.numpy() - measured).max() < 2e-5


def test_mpii_checkpoint(tmp_path):
    torch.save(zeros(published_keys('p0', '111', 16)), tmp_path / 'model_best.pth')
    done = convert(tmp_path / 'model_best.pth', tmp_path / 'mpii.pth')
    meta = torch.load(done.out, weights_only=True)['meta']
    assert meta['dataset_meta']['dataset_name'] == 'mpii'
    assert meta['dataset_meta']['num_keypoints'] == 16


@pytest.mark.parametrize('prefix', ['', 'module.'])
@pytest.mark.parametrize('wrapped', [False, True])
def test_source_variants(base_keys, prefix, wrapped, tmp_path):
    """Plain, of a data-parallel model, and inside a checkpoint of training."""
    state_dict = fill(base_keys)
    content = OrderedDict((prefix + key, value) for key, value in state_dict.items())
    if wrapped:
        parameter = torch.nn.Parameter(torch.ones(2))
        optimizer = torch.optim.Adam([parameter])
        parameter.sum().backward()
        optimizer.step()
        content = dict(
            epoch=210,
            model='pose',
            state_dict=content,
            best_state_dict=state_dict,
            perf=np.float64(0.754),
            optimizer=optimizer.state_dict(),
        )
    torch.save(content, tmp_path / 'source.pth')
    assert convert(tmp_path / 'source.pth', tmp_path / 'out.pth').num_tensors == 640
    written = torch.load(tmp_path / 'out.pth', weights_only=True)['state_dict']
    expected = state_dict['hr_backbone.blocks.3.1.conv_dw.weight']
    name = 'backbone.stages.3.1.depthwise_conv.conv.weight'
    assert torch.equal(written[name], expected)
    assert written['backbone.stem.bn.num_batches_tracked'].dtype == torch.int64


@pytest.mark.parametrize('broken', ['missing', 'extra', 'shape', 'all'])
def test_what_differs_is_listed(base_keys, broken, tmp_path):
    state_dict = zeros(base_keys)
    if broken in ('missing', 'all'):
        del state_dict['fpn.cell.1.fnode.7.combine.edge_weights']
    if broken in ('extra', 'all'):
        state_dict['hr_backbone.blocks.0.1.conv_dw.weight'] = torch.zeros(16, 1, 3, 3)
        state_dict['whatever'] = torch.zeros(1)
    if broken in ('shape', 'all'):
        state_dict['hr_backbone.bn1.bias'] = torch.zeros(31)
    torch.save(state_dict, tmp_path / 'source.pth')
    with pytest.raises(ValueError, match='does not fit EEffPose-p0-000') as raised:
        convert(tmp_path / 'source.pth', tmp_path / 'out.pth')
    message = str(raised.value)
    for kind, expected in (
        (
            'missing',
            '1 in the model, but not in the file:\n  neck.blocks.1.bottom_up.3.',
        ),
        ('extra', '2 in the file, but not in the model:\n  hr_backbone.blocks.0.1.'),
        (
            'shape',
            '1 of another shape:\n  hr_backbone.bn1.bias: (31,) for backbone.stem',
        ),
    ):
        assert (expected in message) == (broken in (kind, 'all'))
    assert os.listdir(tmp_path) == ['source.pth']


def test_incomplete_head(base_keys):
    state_dict = zeros(base_keys)
    for j in range(5):
        del state_dict[f'final_layer.layers.{j}.1.bias']
    found, head_known = identify(state_dict)
    assert head_known == 'assumed'
    with pytest.raises(ValueError, match='5 in the model, but not in the file'):
        convert_state_dict(state_dict, found)


def test_two_names_for_one_place(base_keys):
    state_dict = zeros(base_keys)
    key = 'fpn.resample.3.conv.bn.bias'
    state_dict['fpn.resample.4.conv.bn.bias'] = state_dict[key]
    with pytest.raises(ValueError, match=r'not in the model:\s+fpn\.resample\.4'):
        convert_state_dict(state_dict, EEffPoseModel('p0', '000', 17))


class Malicious:
    def __reduce__(self):
        return os.system, ('true',)


@pytest.mark.parametrize(
    ('content', 'message'),
    [
        (dict(state_dict=Malicious()), 'refused by the safe loader'),
        ([torch.zeros(1)], 'expected a state dict'),
        (dict(epoch=1), 'expected a state dict'),
        ({}, 'expected a state dict'),
        (
            torch.nn.Linear(2, 2).state_dict(),
            r"no EEffPose model.*\['weight', 'bias'\]",
        ),
        (zeros(effnet('p0')), 'no EEffPose model'),
    ],
)
def test_wrong_files(content, message, tmp_path):
    torch.save(content, tmp_path / 'source.pth')
    with pytest.raises(ValueError, match=message):
        convert(tmp_path / 'source.pth', tmp_path / 'out.pth')
    assert os.listdir(tmp_path) == ['source.pth']


@pytest.mark.parametrize('content', [b'', b'hello', b'\x80\x02}q\x00'])
def test_unreadable_files(content, tmp_path):
    (tmp_path / 'source.pth').write_bytes(content)
    with pytest.raises(ValueError, match='truncated or no checkpoint'):
        convert(tmp_path / 'source.pth', tmp_path / 'out.pth')
    assert not (tmp_path / 'out.pth').exists()


def test_truncated_file(p0_file, tmp_path):
    (tmp_path / 'source.pth').write_bytes(p0_file.read_bytes()[:100_000])
    with pytest.raises(ValueError, match='truncated or no checkpoint'):
        convert(tmp_path / 'source.pth', tmp_path / 'out.pth')
    assert not (tmp_path / 'out.pth').exists()


def test_no_file(tmp_path):
    with pytest.raises(FileNotFoundError):
        convert(tmp_path / 'none.pth', tmp_path / 'out.pth')


@pytest.mark.parametrize(
    ('shape', 'message'),
    [([14, 64, 1, 1], '14 keypoints'), ([17, 100, 1, 1], 'neck of 100 channels')],
)
def test_unknown_variant(base_keys, shape, message):
    published = zeros(base_keys)
    published['final_layer.layers.0.0.weight'] = torch.zeros(shape)
    with pytest.raises(ValueError, match=message):
        identify(published)


@pytest.mark.parametrize(
    ('name', 'message'),
    [
        ('p2', "not 'p2': by its tensors it is 'p0-000' or 'p0-001'"),
        ('p0', "not 'p0': by its tensors it is 'p0-000' or 'p0-001'"),
        ('p0-101', "not 'p0-101'"),
        ('eeffpose', "unknown model 'eeffpose': give its size and order"),
        ('p0-002', 'unknown model'),
    ],
)
def test_wrong_model_given(base_keys, name, message):
    with pytest.raises(ValueError, match=message):
        identify(zeros(base_keys), name)


def test_model_without_a_config():
    """Unpublished members of the family convert all the same."""
    published = zeros(published_keys('p2', '010', 16))
    found, _ = identify(published)
    assert found == EEffPoseModel('p2', '010', 16)
    assert found.config is None
    convert_state_dict(published, found)


def test_nothing_is_overwritten_unasked(p0_file, tmp_path):
    destination = tmp_path / 'out.pth'
    destination.write_text('precious')
    with pytest.raises(UserError, match=r'out\.pth is there already'):
        convert(p0_file, destination)
    assert destination.read_text() == 'precious'
    convert(p0_file, destination, overwrite=True)
    assert 'state_dict' in torch.load(destination, weights_only=True)


def test_source_is_never_overwritten(p0_file):
    with pytest.raises(ValueError, match='is the source itself'):
        convert(p0_file, p0_file, overwrite=True)


def test_interrupted_writing_leaves_the_old_file(p0_file, tmp_path, monkeypatch):
    def save_half(content, path):
        path.write_bytes(b'half')
        raise OSError('disk full')

    destination = tmp_path / 'out.pth'
    destination.write_text('precious')
    monkeypatch.setattr(torch, 'save', save_half)
    with pytest.raises(OSError, match='disk full'):
        convert(p0_file, destination, overwrite=True)
    assert destination.read_text() == 'precious'
    assert os.listdir(tmp_path) == ['out.pth']


@pytest.mark.parametrize(
    'key',
    [
        'fc.weight',
        'fpn.0.other.weight',
        'fpn.cell.0.fnode.0.other.weight',
        'fpn.resample.4.other',
        'hr_backbone.2.weight',
        'hr_backbone.3.other.weight',
        'hr_backbone.3.branches.0.0.conv_pwl.weight',
        'hr_backbone.6.fuse_layers.other',
        'hr_backbone.blocks.0.0.conv_pwl.weight',
        'final_layer.layers.0.5.weight',
    ],
)
def test_unknown_names(key):
    assert rename(key) is None


# FSHead or FAHead


@pytest.mark.parametrize(('head_type', 'digit'), [(FSHead, '0'), (FAHead, '1')])
def test_trained_heads_are_told_apart(head_type, digit):
    """Train either on heatmaps of one Gaussian each."""
    torch.manual_seed(0)
    head = head_type([8, 8, 8], 4)
    optimizer = torch.optim.Adam(head.parameters(), 2e-2)
    rows, cols = torch.meshgrid(torch.arange(16.0), torch.arange(12.0), indexing='ij')
    for _ in range(200):
        y, x = torch.rand(2, 16, 4, 1, 1) * 12
        target = torch.exp(-((rows - y) ** 2 + (cols - x) ** 2) / 2)
        feats = []
        for stride in (1, 2, 4):
            hint = torch.nn.functional.avg_pool2d(target, stride)
            feats.append(torch.cat([hint, 0.1 * torch.randn_like(hint)], 1))
        optimizer.zero_grad()
        ((head(feats) - target) ** 2).mean().backward()
        optimizer.step()
    biases = {
        f'final_layer.layers.{j}.1.bias': conv.bn.bias.detach()
        for j, conv in enumerate(head.convs)
    }
    assert guess_head(biases) == digit


@pytest.mark.parametrize(
    ('parts', 'bias', 'order', 'head_known'),
    [
        ('00', -1.0, '001', 'trained'),
        ('11', 0.002, '110', 'trained'),
        ('10', 0.002, '100', 'trained'),
        # fresh from initialization
        ('00', 0.0, '000', 'assumed'),
        ('11', 0.0, '111', 'assumed'),
        # like no head
        ('01', 0.4, '010', 'assumed'),
    ],
)
def test_head_by_its_biases(parts, bias, order, head_known):
    published = zeros(published_keys(order=f'{parts}0'))
    for key, value in published.items():
        if key.startswith('final_layer') and key.endswith('.1.bias'):
            value.fill_(bias)
    found, known = identify(published)
    assert (found.order, known) == (order, head_known)
    assert identify(published, f'p0-{parts}0') == (
        EEffPoseModel('p0', f'{parts}0', 17),
        'given',
    )


# The command line


def test_command_line(base_keys, tmp_path, capsys):
    source, out = tmp_path / 'model_best.pth', tmp_path / 'base.pth'
    torch.save(zeros(base_keys), source)
    command = ['convert-eeffpose', str(source), '--out', str(out)]
    assert main(command) == 0
    told = capsys.readouterr().out
    assert hashlib.sha256(source.read_bytes()).hexdigest() in told
    assert 'EEffPose-P0-000 with 17 keypoints (coco), 640 tensors' in told
    assert 'FSHead, assumed' in told
    assert '--model' in told
    name = 'td-hm_eeffpose-p0-000_4xb16-215e_coco-256x192'
    assert f'mmpose-light infer {name} IMAGE --weights {out}' in told

    assert main(command) == 2
    assert 'base.pth is there already' in capsys.readouterr().err
    assert main([*command, '--overwrite', '--model', 'p0-001']) == 0
    assert 'FAHead, as given' in capsys.readouterr().out
    assert main([*command, '--overwrite', '--model', 'p2']) == 2
    assert "error: this is not 'p2'" in capsys.readouterr().err
