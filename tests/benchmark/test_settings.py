"""The settings: what is measured, and what is refused."""

import pytest
import torch

from mmpose_light.benchmark.settings import Group, Settings


@pytest.mark.parametrize(
    ('options', 'message'),
    [
        (dict(runtimes=['tensorrt']), 'tensorrt.*eager.*ncnn would do'),
        (dict(precisions=['int4']), 'int4.*fp32.*int8 would do'),
        (dict(precisions=['int8'], runtimes=['eager']), 'int8.*onnxruntime'),
        (dict(batch_sizes=[0]), 'batch size is 0'),
        (dict(train_batch_size=1), '2 or more'),
        (dict(rounds=0), 'rounds is 0'),
        (dict(runs=0), 'runs is 0'),
        (dict(input_size=[0, 64]), 'input size is 0'),
        (dict(threads=0), 'threads is 0.*cores'),
        (dict(threads=100_000), 'threads is 100000.*cores'),
        (dict(device='tpu'), 'tpu'),
        (dict(device='meta'), "'cpu' or 'cuda'"),
        (dict(cuda_graphs=True), "CUDA graphs need device 'cuda'"),
        (dict(inference=False, train_batch_size=0), 'nothing to measure'),
    ],
)
def test_bad_settings(options, message):
    with pytest.raises(ValueError, match=message):
        Settings(**{**dict(runtimes=['eager']), **options})


@pytest.mark.skipif(torch.cuda.is_available(), reason='there is a GPU')
def test_no_gpu():
    with pytest.raises(ValueError, match="'cuda' is not here.*'cpu'"):
        Settings(runtimes=['eager'], device='cuda')


def test_groups():
    settings = Settings(
        runtimes=['eager', 'onnxruntime'],
        precisions=['fp32', 'int8'],
        batch_sizes=[1, 8],
        threads=1,
    )
    training = Group('training', 'eager', 'fp32', 4)
    assert settings.groups == [
        Group('inference', 'eager', 'fp32', 1),
        Group('inference', 'eager', 'fp32', 8),
        Group('inference', 'onnxruntime', 'fp32', 1),
        Group('inference', 'onnxruntime', 'fp32', 8),
        Group('inference', 'onnxruntime', 'int8', 1),
        Group('inference', 'onnxruntime', 'int8', 8),
        training,
    ]
    assert Settings(inference=False, threads=1).groups == [training]
