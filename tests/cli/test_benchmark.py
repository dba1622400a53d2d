"""The command ``benchmark``: what it takes, shows and writes."""

import subprocess
import sys

import pytest

from mmpose_light import cli
from mmpose_light.benchmark.report import Report
from mmpose_light.cli import main
from mmpose_light.cli.benchmark import QUICK


def run(arguments, folder):
    command = f'benchmark {folder}/smooth.py --threads 1 --input-size 64 64 {arguments}'
    return main(command.split())


def test_a_first_look_tells_every_step(smooth_model, tmp_path, capsys):
    """Where output is redirected, each model and each round has a line."""
    code = run(
        f'--quick --runtimes eager --reference smooth --runs 2 --out-dir {tmp_path}',
        smooth_model.config.parent,
    )
    assert code == 0
    lines = capsys.readouterr().out.splitlines()
    group = 'PyTorch eager, fp32, batch 1'
    assert f'{group}: smooth opened (1 of 4)' in lines
    rounds = [f'{group}: round {n} of 3 ({n + 1} of 4)' for n in (1, 2, 3)]
    for line in rounds:
        assert f'{line}, less than a minute left' in lines
    report = Report.load(tmp_path / 'benchmark.json')
    assert [cell.runs for cell in report.cells] == [2 * QUICK['rounds']]


def test_from_json(smooth_model, tmp_path, capsys):
    first, again = tmp_path / 'first', tmp_path / 'again'
    options = '--runtimes eager --batch-sizes 1 --no-memory --rounds 1 --runs 1'
    folder = smooth_model.config.parent
    assert run(f'{options} --train-batch-size 0 --out-dir {first}', folder) == 0
    report = Report.load(first / 'benchmark.json')
    report.cells[0].fail(MemoryError('enough'))
    report.save(first)
    command = f'benchmark --from-json {first}/benchmark.json'
    assert main(command.split()) == 1, 'one model failed'
    assert main([*command.split(), '--out-dir', str(again)]) == 1
    for name in ('benchmark.md', 'benchmark.csv'):
        assert (again / name).read_text() == (first / name).read_text()
    shown = capsys.readouterr()
    assert 'smooth' in shown.out
    assert shown.err.splitlines()[0] == (
        'error: smooth, PyTorch eager, fp32, batch 1: MemoryError: enough'
    )


@pytest.mark.parametrize(
    ('arguments', 'message'),
    [
        ('resnet --runtimes eager', "no model 'resnet'"),
        ('--from-json none.json', 'none.json does not exist'),
        ('--runtimes tensorrt', "runtime 'tensorrt' is unknown"),
    ],
)
def test_what_a_user_can_mend(arguments, message, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(['benchmark', *arguments.split()]) == 2
    err = capsys.readouterr().err
    assert err.startswith('mmpose-light benchmark: error: ')
    assert message in err
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ('arguments', 'message'),
    [
        ('--models a b', 'mmpose-light benchmark a b'),
        ('my.py --backends eager fused', '--runtimes eager fused'),
    ],
)
def test_old_options_name_the_new_ones(arguments, message, capsys):
    with pytest.raises(SystemExit) as stop:
        main(['benchmark', *arguments.split()])
    assert stop.value.code == 2
    assert message in capsys.readouterr().err


def test_nothing_given_is_nothing_passed_on(monkeypatch):
    """So the defaults are those of the settings."""
    command, calls = cli.import_command('benchmark'), []
    monkeypatch.setattr(command, 'main', lambda **options: calls.append(options))
    main(['benchmark'])
    main(['benchmark', 'effbase', '--no-inference'])
    assert calls == [{}, dict(models=['effbase'], inference=False)]


def test_help_is_light():
    code = (
        'import sys\n'
        'from mmpose_light.cli import main\n'
        'try:\n'
        "    main(['benchmark', '--help'])\n"
        'except SystemExit:\n'
        '    pass\n'
        "assert not {'torch', 'mmengine', 'mmcv', 'mmpose'} & set(sys.modules)\n"
    )
    done = subprocess.run([sys.executable, '-c', code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert 'MODEL' in done.stdout
