"""The command that exports: what it takes, prints and complains of."""

import argparse
import inspect
from dataclasses import fields

import pytest

from mmpose_light.cli import export, main

pytestmark = pytest.mark.usefixtures('deploy_packages')


def command(model, out, *args) -> int:
    args = ['export', model.config, '--weights', model.checkpoint, '--out', out, *args]
    return main([str(arg) for arg in (*args, '--threads', 1)])


def test_options_are_the_functions_parameters():
    from mmpose_light.apis.export import ExportSettings
    from mmpose_light.apis.export import export as function

    parser = argparse.ArgumentParser()
    export.add_arguments(parser)
    options = {action.dest for action in parser._actions} - {'help'}
    parameters = set(inspect.signature(function).parameters) - {'settings'}
    assert options == parameters | {field.name for field in fields(ExportSettings)}


def test_command(smooth_model, tmp_path, capsys):
    out = tmp_path / 'new' / 'a.onnx'
    assert command(smooth_model, out, '--output', 'simcc', '--batch-size', '2') == 0
    printed = capsys.readouterr().out
    for word in ('simcc_x', 'of the range', 'MB', 'ms for 2 in ONNX Runtime'):
        assert word in printed
    assert [path.name for path in out.parent.iterdir()] == ['a.onnx']


def test_command_of_another_format(smooth_model, tmp_path, capsys, ncnn_packages):
    out = tmp_path / 'a.ncnn.param'
    assert command(smooth_model, out, '--format', 'ncnn', '--precision', 'fp16') == 0
    assert 'ms for 1 in ncnn' in capsys.readouterr().out
    names = {path.name for path in tmp_path.iterdir()}
    assert names == {'a.ncnn.param', 'a.ncnn.bin', 'a.ncnn.json'}


def test_bad_command_lines(smooth_model, tmp_path, capsys):
    out = tmp_path / 'a.onnx'
    assert main(['export', 'no.py', '--out', str(out)]) == 2
    assert 'export: error: config no.py does not exist' in capsys.readouterr().err
    for args, message in (
        (('--batch-size', 'many'), "'many' is neither a number nor 'dynamic'"),
        (('--output', 'keypoints'), 'invalid choice'),
    ):
        with pytest.raises(SystemExit) as stop:
            command(smooth_model, out, *args)
        assert stop.value.code == 2
        assert message in capsys.readouterr().err
