"""The console command: its commands, its help, its errors."""

import inspect
import os
import signal
import subprocess
import sys
import warnings
from types import SimpleNamespace

import pytest

import mmpose_light
from mmpose_light import cli
from mmpose_light.utils.errors import MissingFileError, UserError
from mmpose_light.utils.files import whole_file


@pytest.mark.parametrize('name', cli.COMMANDS)
def test_every_command_has_help(name, capsys):
    with pytest.raises(SystemExit) as stop:
        cli.main([name, '--help'])
    assert stop.value.code == 0
    assert f'usage: mmpose-light {name}' in capsys.readouterr().out


def test_help_lists_the_commands(capsys):
    with pytest.raises(SystemExit) as stop:
        cli.main(['--help'])
    assert stop.value.code == 0
    out = capsys.readouterr().out
    for name, does in cli.COMMANDS.items():
        assert name in out
        assert does in out


def test_version(capsys):
    with pytest.raises(SystemExit) as stop:
        cli.main(['--version'])
    assert stop.value.code == 0
    assert capsys.readouterr().out.strip() == mmpose_light.__version__


@pytest.mark.parametrize(
    ('argv', 'message'),
    [
        ([], 'name a command'),
        (['bencmark'], "no command 'bencmark' (perhaps benchmark"),
        (['check-env', '--typo'], 'usage: mmpose-light check-env'),
        (['infer', '--typo', 'a.onnx', 'b.jpg'], 'usage: mmpose-light infer'),
    ],
)
def test_bad_command_line(argv, message, capsys):
    with pytest.raises(SystemExit) as stop:
        cli.main(argv)
    assert stop.value.code == 2
    assert message in capsys.readouterr().err


@pytest.fixture
def command(monkeypatch):
    """Put a command in the place of another, whose main does what is asked."""

    def install(main):
        def add_arguments(parser):
            parser.add_argument('number', type=int)
            parser.add_argument('--factor', type=int)

        module = SimpleNamespace(add_arguments=add_arguments, main=main)
        monkeypatch.setitem(cli.COMMANDS, 'draw', 'draw something')
        monkeypatch.setattr(cli, 'import_command', lambda name: module)

    return install


def test_options_that_are_not_given_keep_the_functions_defaults(command):
    calls = []

    def main(number, factor=7):
        calls.append(number * factor)
        return 3

    command(main)
    assert cli.main(['draw', '2']) == 3
    cli.main(['draw', '2', '--factor', '5'])
    assert calls == [14, 10]


@pytest.mark.parametrize(
    'error',
    [
        UserError('thing is wrong: do this'),
        MissingFileError('thing is wrong: do this'),
        PermissionError(13, 'Permission denied', 'thing'),
    ],
)
def test_what_a_user_can_mend_is_a_message(command, error, capsys):
    def main(number):
        raise error

    command(main)
    assert cli.main(['draw', '2']) == 2
    err = capsys.readouterr().err
    assert err.startswith('mmpose-light draw: error: ')
    assert 'thing' in err
    assert 'Traceback' not in err
    with pytest.raises(type(error)):
        cli.main(['draw', '2', '--debug'])


def test_a_bug_shows_its_traceback(command):
    def main(number):
        raise ValueError('not the user')

    command(main)
    with pytest.raises(ValueError, match='not the user'):
        cli.main(['draw', '2'])


@pytest.mark.parametrize('encoding', ['ascii', 'cp1252'])
def test_consoles_that_cannot_show_a_name(encoding):
    """What they cannot show is replaced, in help, in results and in errors."""
    code = (
        'import sys\n'
        'from types import SimpleNamespace\n'
        'from mmpose_light import cli\n'
        'from mmpose_light.utils.errors import UserError\n'
        'def add_arguments(parser):\n'
        '    parser.description = "…日本"\n'
        'def main():\n'
        '    print("日本.jpg done")\n'
        '    raise UserError("\\udcff日本")\n'
        'cli.import_command = lambda name: SimpleNamespace(\n'
        '    add_arguments=add_arguments, main=main)\n'
        'sys.exit(cli.main(["infer", *sys.argv[1:]]))\n'
    )

    def run(*args):
        return subprocess.run(
            [sys.executable, '-c', code, *args],
            capture_output=True,
            encoding=encoding,
            env=dict(os.environ, PYTHONIOENCODING=encoding),
        )

    assert run('--help').returncode == 0
    done = run()
    assert done.returncode == 2, done.stderr
    assert '??.jpg done' in done.stdout
    assert '???' in done.stderr and 'Traceback' not in done.stderr


@pytest.mark.parametrize('number', [signal.SIGINT, signal.SIGTERM])
def test_signals_end_a_command_in_order(command, number, capsys, tmp_path):
    def main(**options):
        with whole_file(tmp_path / 'a.txt') as part:
            part.write_text('torn')
            signal.raise_signal(number)

    command(main)
    assert cli.main(['draw', '2']) == 130
    assert capsys.readouterr().err.strip() == 'mmpose-light draw: interrupted'
    assert not list(tmp_path.iterdir())


def test_interruption(command, capsys):
    def main(number):
        raise KeyboardInterrupt('1 of 2 things are done')

    command(main)
    assert cli.main(['draw', '2']) == 130
    told = 'mmpose-light draw: interrupted: 1 of 2 things are done'
    assert capsys.readouterr().err.strip() == told


def test_warnings_are_a_line(command, capsys):
    def main(number):
        shown = warnings.formatwarning('one of 2 is taken', RuntimeWarning, 'a.py', 7)
        print(shown, end='')

    before = warnings.formatwarning
    command(main)
    assert cli.main(['draw', '2']) == 0
    assert capsys.readouterr().out == 'warning: one of 2 is taken\n'
    assert warnings.formatwarning is before


def test_broken_stack(command, capsys):
    def main(number):
        raise ModuleNotFoundError("No module named 'mmcv'")

    command(main)
    assert cli.main(['draw', '2']) == 1
    err = capsys.readouterr().err
    assert "No module named 'mmcv'" in err
    assert 'mmpose-light check-env' in err


@pytest.mark.parametrize('name', cli.COMMANDS)
def test_main_takes_what_the_parser_gives(name):
    """A parser's ``dest`` is a parameter of ``main``."""
    import argparse

    module = cli.import_command(name)
    parser = argparse.ArgumentParser()
    module.add_arguments(parser)
    given = {action.dest for action in parser._actions if action.dest != 'help'}
    parameters = inspect.signature(module.main).parameters
    if not any(p.kind is p.VAR_KEYWORD for p in parameters.values()):
        assert given <= set(parameters)


HEAVY = ('torch', 'mmengine', 'mmcv', 'mmpose')
LIGHT = ['--help'], ['--version'], ['no-such-command']


@pytest.mark.parametrize('argv', LIGHT, ids=' '.join)
def test_the_first_word_of_help_loads_nothing_heavy(argv):
    code = (
        'import sys\n'
        'from mmpose_light.cli import main\n'
        'try:\n'
        f'    main({argv!r})\n'
        'except SystemExit:\n'
        '    pass\n'
        f'loaded = set({HEAVY!r}) & set(sys.modules)\n'
        'assert not loaded, loaded\n'
    )
    done = subprocess.run([sys.executable, '-c', code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
