"""The runtimes: what there is, what each can do, how a model is opened."""

import sys

import pytest

from mmpose_light.benchmark.export import export_once
from mmpose_light.benchmark.runtimes import RUNTIMES, check_runtime, open_model
from mmpose_light.benchmark.settings import Settings
from mmpose_light.deploy import runtimes


@pytest.mark.parametrize(
    'name, options',
    [
        ('onnxruntime', dict(batch=1)),
        ('openvino', dict(batch=1)),
        ('ncnn', dict(format='ncnn')),
    ],
)
def test_exported_files_run(name, options, export_smooth_model):
    file = export_smooth_model(**options).file
    settings = Settings(runtimes=[name], threads=1, batch_sizes=[1])
    run = open_model(None, settings.groups[0], settings, file)
    assert RUNTIMES[name].open
    (heatmaps,) = run()
    assert heatmaps.shape == (1, 17, 32, 24)


def test_openvino_is_measured_on_cpus_only():
    with pytest.raises(ValueError, match='on cpu here, not on'):
        check_runtime('openvino', 'cuda')


def test_missing_package_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, 'onnxruntime', None)
    with pytest.raises(ImportError, match=r'pip install mmpose-light\[deploy\]'):
        Settings(runtimes=['onnxruntime'])


def test_runtimes_are_opened_where_they_are_told(monkeypatch, folder):
    """An exported file goes to the runtimes' table, with threads and device."""
    calls = []

    class Opened:
        input_shape = (2, 3, 8, 6)
        input_dtype = 'float32'

        def run(self, images):
            return images.shape

    def open_runtime(file, runtime, threads, device):
        calls.append((file, runtime, threads, device))
        return Opened()

    monkeypatch.setattr(runtimes, 'open_runtime', open_runtime)
    settings = Settings(runtimes=['onnxruntime'], threads=1, batch_sizes=[2])
    opened = open_model(
        folder / 'tiny.py', settings.groups[0], settings, folder / 'tiny.onnx'
    )
    assert opened() == (2, 3, 8, 6)
    assert calls == [(folder / 'tiny.onnx', 'onnxruntime', 1, 'cpu')]


def test_ncnn_takes_one_file_for_all_batch_sizes(folder, tmp_path, ncnn_packages):
    settings = Settings(
        runtimes=['ncnn'], threads=1, batch_sizes=[1, 2], train_batch_size=0
    )
    config = folder / 'tiny.py'
    (file,) = {
        export_once(config, group, settings, tmp_path) for group in settings.groups
    }
    (heatmaps,) = open_model(config, settings.groups[1], settings, file)()
    assert len(heatmaps) == 2
