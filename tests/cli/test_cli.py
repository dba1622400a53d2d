"""The console command: its subcommands, its help, its errors."""

import importlib

import pytest

import mmpose_light
from mmpose_light import cli


@pytest.mark.parametrize('name', cli.COMMANDS)
def test_every_command_has_help(name, capsys):
    with pytest.raises(SystemExit) as stop:
        cli.main([name, '--help'])
    assert stop.value.code == 0
    assert f'usage: mmpose-light {name}' in capsys.readouterr().out


@pytest.mark.parametrize('name', cli.COMMANDS)
def test_every_command_is_a_module_of_two_functions(name):
    module = importlib.import_module(cli.COMMANDS[name][0])
    assert callable(module.add_arguments)
    assert callable(module.main)


def test_help_lists_the_commands(capsys):
    with pytest.raises(SystemExit) as stop:
        cli.main(['--help'])
    assert stop.value.code == 0
    out = capsys.readouterr().out
    for name, (_, summary) in cli.COMMANDS.items():
        assert name in out
        assert summary.split()[0] in out


def test_version(capsys):
    with pytest.raises(SystemExit) as stop:
        cli.main(['--version'])
    assert stop.value.code == 0
    assert capsys.readouterr().out.strip() == mmpose_light.__version__


@pytest.mark.parametrize('argv', [[], ['no-such-command'], ['check-env', '--typo']])
def test_bad_command_line(argv, capsys):
    with pytest.raises(SystemExit) as stop:
        cli.main(argv)
    assert stop.value.code == 2
    assert 'usage: mmpose-light' in capsys.readouterr().err


def test_command_on_a_broken_stack(monkeypatch, capsys):
    """What needs the stack does not start without it, and says who knows more."""
    monkeypatch.setitem(cli.COMMANDS, 'draw', ('no.such.module', 'draw something'))
    with pytest.raises(SystemExit) as stop:
        cli.main(['draw'])
    assert stop.value.code == 1
    err = capsys.readouterr().err
    assert "No module named 'no'" in err
    assert 'mmpose-light check-env' in err
