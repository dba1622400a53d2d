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
    from mmpose_light.apis.export import ExportSettings, export_onnx

    parser = argparse.ArgumentParser()
    export.add_arguments(parser)
    options = {action.dest for action in parser._actions} - {'help'}
    parameters = set(inspect.signature(export_onnx).parameters) - {'settings'}
    assert options == parameters | {field.name for field in fields(ExportSettings)}


def test_command(smooth_model, tmp_path, capsys):
    out = tmp_path / 'new' / 'a.onnx'
    assert command(smooth_model, out, '--output', 'simcc', '--batch-size', '2') == 0
    printed = capsys.readouterr().out
    for word in ('simcc_x', 'of the range', 'MB', 'ms for 2 in ONNX Runtime'):
        assert word in printed
    assert [path.name for path in out.parent.iterdir()] == ['a.onnx']


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
