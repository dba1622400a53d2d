"""What `mmpose-light check-env` finds, on stacks that work and stacks that do not."""

import os
import subprocess
import sys
from importlib import metadata

import pytest

from mmpose_light.utils.check_env import (
    OPTIONAL,
    STACK,
    Environment,
    collect_environment,
    describe,
    find_problems,
)

VERSIONS = {
    'torch': {'torch': '2.11.0+cu130'},
    'torchvision': {'torchvision': '0.26.0'},
    'numpy': {'numpy': '2.5.5'},
    'opencv': {'opencv-python-headless': '5.0.0.93'},
    'mmengine': {'mmengine': '0.10.7'},
    'mmcv': {'mmcv': '2.1.0'},
    'mmdet': {'mmdet': '3.3.0'},
    'mmpose': {'mmpose': '1.3.2'},
    'xtcocotools': {'xtcocotools': '1.14.3'},
    'pycocotools': {'pycocotools': '2.0.8'},
}


def environment(errors=None, plugin_error=None, **installed) -> Environment:
    return Environment(
        installed={**VERSIONS, **installed},
        errors=errors or {},
        plugin_error=plugin_error,
    )


def test_this_environment_is_described():
    env = collect_environment()
    rows = dict(describe(env))
    assert metadata.version('mmpose') in rows['mmpose']
    assert metadata.version('torch') in rows['torch']
    assert 'cannot' not in ' '.join(rows.values())
    assert find_problems(env) == []


def test_nothing_to_fix():
    assert find_problems(environment()) == []


def test_nothing_to_fix_with_the_versions_of_2023():
    old = dict(torch='2.1.2', numpy='1.26.4', mmengine='0.10.1', mmcv='2.0.1')
    old |= dict(mmdet='3.2.0', mmpose='1.3.0', pycocotools='2.0.7')
    installed = {name: {name: version} for name, version in old.items()}
    assert find_problems(environment(**installed)) == []


@pytest.mark.parametrize(
    'component',
    [part for part in STACK if part.name not in OPTIONAL],
    ids=lambda component: component.name,
)
def test_missing_component(component):
    (problem,) = find_problems(environment(**{component.name: {}}))
    assert f'{component.name} is not installed' in problem.text
    assert problem.command == f'pip install {component.install}'


def test_missing_mmpose_goes_in_without_chumpy():
    (problem,) = find_problems(environment(mmpose={}))
    assert 'chumpy' in problem.text
    assert problem.command == 'pip install --no-deps mmpose==1.3.2'


@pytest.mark.parametrize(
    ('installed', 'text', 'command'),
    [
        (
            {'torch': {'torch': '2.1.2'}, 'numpy': {'numpy': '2.1.0'}},
            'torch 2.1.2 is compiled against numpy 1',
            'pip install "numpy<2" "opencv-python-headless<4.12"',
        ),
        ({'torch': {'torch': '2.0.1'}}, '2.1 or later', 'pip install "torch>=2.1"'),
        ({'mmcv': {'mmcv': '2.2.0'}}, 'below 2.2', 'mmcv-lite==2.1.0'),
        ({'mmcv': {'mmcv': '1.7.2'}}, '2.0 or later', 'mmcv-lite==2.1.0'),
        ({'mmengine': {'mmengine': '0.7.4'}}, '0.10 or later', 'mmengine==0.10.7'),
        ({'mmdet': {'mmdet': '2.28.2'}}, '3.0 or later', 'mmdet==3.3.0'),
        (
            {'mmcv': {'mmcv': '2.1.0', 'mmcv-lite': '2.1.0'}},
            'both installed',
            'pip uninstall -y mmcv mmcv-lite',
        ),
        ({'mmpose': {'mmpose': '0.29.0'}}, 'mmpose 0.29.0', 'mmpose==1.3.2'),
        ({'mmpose': {'mmpose': '1.4.0'}}, '1.3 or later, and below 1.4', '==1.3.2'),
    ],
)
def test_wrong_version(installed, text, command):
    (problem,) = find_problems(environment(**installed))
    assert text in problem.text
    assert command in problem.command


@pytest.mark.parametrize('version', [(3, 9), (3, 14)])
def test_wrong_python(version):
    env = environment()
    env.python = version
    (problem,) = find_problems(env)
    assert f'Python {version[0]}.{version[1]}: it has to be 3.10' in problem.text
    assert 'venv' in problem.command


def test_xtcocotools_compiled_against_another_numpy_may_go():
    error = ValueError('numpy.dtype size changed, may indicate binary incompatibility')
    (problem,) = find_problems(environment(errors={'xtcocotools': error}))
    assert 'xtcocotools.mask cannot be imported: ValueError: numpy' in problem.text
    assert problem.command.startswith('pip uninstall -y xtcocotools')


def test_xtcocotools_is_not_needed():
    env = environment(xtcocotools={})
    assert find_problems(env) == []
    assert 'stands in' in dict(describe(env))['xtcocotools']


def test_missing_needs_of_what_went_in_without_dependencies():
    env = environment()
    env.missing_modules = ['json_tricks', 'pkg_resources']
    (problem,) = find_problems(env)
    assert 'json_tricks, pkg_resources' in problem.text
    assert problem.command == 'pip install json-tricks "setuptools<81"'


def test_mmpose_without_its_configs():
    env = environment()
    env.has_host_files = False
    (problem,) = find_problems(env)
    assert '.mim' in problem.text
    assert '--force-reinstall --no-deps mmpose' in problem.command


def test_failing_imports_name_each_missing_module_once():
    error = ModuleNotFoundError("No module named 'addict'", name='addict')
    env = environment(errors={'mmdet': error, 'mmpose': error}, plugin_error=error)
    (problem,) = find_problems(env)
    assert problem.command == 'pip install addict'


def test_failing_import_of_another_kind():
    env = environment(errors={'torchvision': RuntimeError('operator nms\nis missing')})
    (problem,) = find_problems(env)
    assert problem.text.endswith('RuntimeError: operator nms')
    assert 'torchvision' in problem.command


def test_ops_compiled_for_another_torch():
    env = environment(errors={'mmcv': ImportError('undefined symbol: _ZN2at')})
    (problem,) = find_problems(env)
    assert 'mmcv cannot be imported: ImportError: undefined symbol' in problem.text
    assert problem.command.startswith('pip uninstall -y mmcv mmcv-lite && pip install')


def test_plugin_that_alone_cannot_be_imported():
    (problem,) = find_problems(environment(plugin_error=KeyError('registered')))
    assert "mmpose_light cannot be imported: KeyError: 'registered'" in problem.text


BREAK = """
import os
import sys

class Blocker:
    def find_spec(self, name, path=None, target=None):
        if name.split('.')[0] == os.environ['BROKEN']:
            raise ModuleNotFoundError(f'No module named {name!r}', name=name)

sys.meta_path.insert(0, Blocker())
"""


@pytest.fixture(scope='module')
def broken_stack(tmp_path_factory, repo_dir):
    """Run the console command where a module cannot be imported."""
    folder = tmp_path_factory.mktemp('broken')
    (folder / 'sitecustomize.py').write_text(BREAK)
    command = folder / 'mmpose-light'
    command.write_text(
        'import sys\nfrom mmpose_light.cli import main\nsys.exit(main())\n'
    )

    def run(*args, module='mmpose', path=()):
        path = map(str, [*path, folder, repo_dir])
        return subprocess.run(
            [sys.executable, *args],
            env={**os.environ, 'PYTHONPATH': os.pathsep.join(path), 'BROKEN': module},
            cwd=folder,
            capture_output=True,
            text=True,
            check=False,
        )

    return run


@pytest.mark.parametrize('module', ['torch', 'numpy', 'mmpose'])
def test_report_comes_out_of_a_broken_stack(broken_stack, module):
    done = broken_stack('mmpose-light', 'check-env', module=module)
    assert done.returncode == 1, done.stderr
    assert 'Traceback' not in done.stderr
    assert metadata.version('torch') in done.stdout
    assert f'the module {module} is missing' in done.stdout
    (component,) = (part for part in STACK if part.module == module)
    assert component.install in done.stdout


def test_torch_of_which_an_empty_folder_is_left(broken_stack, tmp_path):
    (tmp_path / 'torch').mkdir()
    (tmp_path / 'sitecustomize.py').write_text(
        'import sys\nsys.path[:] = [p for p in sys.path if "site-packages" not in p]\n'
    )
    done = broken_stack('mmpose-light', 'check-env', path=[tmp_path])
    assert done.returncode == 1, done.stderr
    assert 'torch is not installed' in done.stdout


def test_import_of_a_broken_stack_says_who_knows_more(broken_stack):
    done = broken_stack('-c', 'import mmpose_light; mmpose_light.register_modules()')
    assert done.returncode == 1
    last = done.stderr.splitlines()[-1]
    assert "No module named 'mmpose'" in last
    assert '`mmpose-light check-env` says what to fix' in last


def test_exit_code_when_nothing_is_to_fix(capsys):
    from mmpose_light.cli import main

    assert main(['check-env']) == 0
    out = capsys.readouterr().out
    assert out.endswith('Nothing to fix.\n')
