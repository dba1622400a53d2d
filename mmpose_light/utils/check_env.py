"""What of the stack is installed, and what to fix.

The facts are gathered first, in one :class:`Environment`; what is wrong with them is
then a function of it. Every import of the stack stands inside a ``try``, so that the
report comes out whatever is missing or broken.
"""

import importlib
import importlib.util
import os
import platform
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from importlib import metadata
from pathlib import Path
from types import ModuleType

from ..compat.xtcocotools import is_stand_in
from ..import_hooks import forget

#: mmcv and mmcv-lite share a folder: what is there has to go first.
SWITCH_TO_LITE = 'pip uninstall -y mmcv mmcv-lite && pip install mmcv-lite==2.1.0'

#: The versions of Python, of which 3.14 has no ``pkgutil.find_loader`` for mmcv.
PYTHON = ((3, 10), (3, 14))


@dataclass(frozen=True)
class Component:
    """A part of the stack.

    Attributes:
        name (str): The name shown and used in :class:`Environment`.
        module (str): The module to import.
        install (str): The arguments of ``pip install`` that bring it.
        distributions (tuple[str, ...]): The names under which pip may know it; none
            for its own name alone. Defaults to ``()``
        oldest (tuple[int, ...]): The first version that will do. Defaults to ``()``
        too_new (tuple[int, ...]): The first later one that will not, if it is known.
            Defaults to ``()``
    """

    name: str
    module: str
    install: str
    distributions: tuple[str, ...] = ()
    oldest: tuple[int, ...] = ()
    too_new: tuple[int, ...] = ()


STACK = (
    Component('torch', 'torch', '"torch>=2.1" torchvision', oldest=(2, 1)),
    Component('torchvision', 'torchvision', 'torch torchvision'),
    Component('numpy', 'numpy', 'numpy'),
    Component(
        'opencv',
        'cv2',
        'opencv-python',
        (
            'opencv-python',
            'opencv-python-headless',
            'opencv-contrib-python',
            'opencv-contrib-python-headless',
        ),
    ),
    Component('mmengine', 'mmengine', 'mmengine==0.10.7', oldest=(0, 10), too_new=(1,)),
    Component(
        'mmcv',
        'mmcv',
        'mmcv-lite==2.1.0',
        ('mmcv-lite', 'mmcv'),
        oldest=(2, 0),
        too_new=(2, 2),  # mmdet refuses it
    ),
    Component('mmdet', 'mmdet', '--no-deps mmdet==3.3.0', oldest=(3, 0)),
    Component(
        'mmpose', 'mmpose', '--no-deps mmpose==1.3.2', oldest=(1, 3), too_new=(1, 4)
    ),
    # of these two, what is compiled
    Component('pycocotools', 'pycocotools.mask', '"pycocotools>=2.0.8"'),
    Component('xtcocotools', 'xtcocotools.mask', 'xtcocotools'),
)

#: The parts that the plugin does without.
OPTIONAL = ('xtcocotools',)

#: What MMEngine, MMDetection and MMPose import besides, and what ``pip install`` calls
#: it. Installed with --no-deps, the latter two do not bring it themselves.
FURTHER_MODULES = {
    'PIL': 'pillow',
    'json_tricks': 'json-tricks',
    'matplotlib': 'matplotlib',
    'munkres': 'munkres',
    'pkg_resources': '"setuptools<81"',
    'scipy': 'scipy',
    'shapely': 'shapely',
    'six': 'six',
    'terminaltables': 'terminaltables',
    'tqdm': 'tqdm',
}


@dataclass
class Environment:
    """The facts that decide whether the stack works.

    Attributes:
        python (tuple[int, int]): The version of Python. Defaults to this one's
        installed (dict[str, dict[str, str]]): For each component of :data:`STACK`, the
            distributions of it that are installed, with their versions. Defaults to
            ``{}``
        missing_modules (list[str]): Those of :data:`FURTHER_MODULES` that cannot be
            found. Defaults to ``[]``
        errors (dict[str, Exception]): What importing a component raised, where it did.
            Defaults to ``{}``
        ops (str): Whether mmcv's ops are compiled, in words. Defaults to
            ``'not compiled'``
        threads (str): How many CPU threads there are and torch uses. Defaults to
            ``'unknown'``
        gpu (str): The GPUs that torch can use. Defaults to ``'unknown'``
        has_host_files (bool): Whether MMPose came with its configs and tools. Defaults
            to ``True``
        plugin_error (Exception, optional): What importing mmpose_light itself raised,
            if it did. Defaults to ``None``
    """

    python: tuple[int, int] = sys.version_info[:2]
    installed: dict[str, dict[str, str]] = field(default_factory=dict)
    missing_modules: list[str] = field(default_factory=list)
    errors: dict[str, Exception] = field(default_factory=dict)
    ops: str = 'not compiled'
    threads: str = 'unknown'
    gpu: str = 'unknown'
    has_host_files: bool = True
    plugin_error: Exception | None = None

    def version(self, name: str) -> str | None:
        """Return a component's version, or None if it is not installed."""
        return next(iter(self.installed.get(name, {}).values()), None)

    def is_at_least(self, name: str, *version: int) -> bool:
        """Return whether a component is installed in this version or a later one."""
        found = self.version(name)
        if found is None:
            return False
        numbers = tuple(int(number) for number in re.findall(r'\d+', found))
        return numbers[: len(version)] >= version


@dataclass(frozen=True)
class Problem:
    """Something to fix.

    Attributes:
        text (str): What it is.
        command (str): The command that fixes it.
    """

    text: str
    command: str


def collect_environment() -> Environment:
    """Look at what is installed and try to import it.

    Returns:
        Environment: The environment of this process.
    """
    import mmpose_light

    forget('mmpose')  # what is wrong with the plugin is not MMPose's
    env = Environment()
    env.missing_modules = [
        module for module in FURTHER_MODULES if importlib.util.find_spec(module) is None
    ]
    for component in STACK:
        try:
            _look_at(component, env)
        except Exception as error:
            env.errors[component.name] = error
    env.ops = _describe_ops(env)
    if not env.errors:
        try:
            mmpose_light.register_modules()
        except Exception as error:
            env.plugin_error = error
    return env


def _look_at(component: Component, env: Environment) -> None:
    """Note what is to be known of a component; raise what importing it raises."""
    env.installed[component.name] = _installed(
        component.distributions or (component.name,)
    )
    module = importlib.import_module(component.module)
    if is_stand_in(module):
        return
    if module.__file__ is None:  # the folder of what was there once
        raise ModuleNotFoundError(f'{component.module} is empty', name=component.module)
    if not env.installed[component.name]:
        env.installed[component.name] = {
            'not by pip': getattr(module, '__version__', 'unknown version')
        }
    if component.name == 'torch':
        env.threads = f'{os.cpu_count()}, torch uses {module.get_num_threads()}'
        env.gpu = _describe_gpu(module)
    elif component.name == 'mmpose':
        env.has_host_files = (Path(module.__file__).parent / '.mim').is_dir()


def _describe_gpu(torch: ModuleType) -> str:
    if not torch.cuda.is_available():
        return 'none that torch can use'
    names = [torch.cuda.get_device_name(i) for i in range(torch.cuda.device_count())]
    return f'{", ".join(names)} (CUDA {torch.version.cuda})'


def _installed(distributions: tuple[str, ...]) -> dict[str, str]:
    versions = {}
    for name in distributions:
        try:
            versions[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return versions


def _describe_ops(env: Environment) -> str:
    """Return whether mmcv's ops are compiled, in words."""
    if 'mmcv' in env.errors:
        return 'unknown: mmcv cannot be imported'
    try:
        module = importlib.import_module('mmcv._ext')
    except ModuleNotFoundError:
        return 'not compiled'
    except Exception as error:
        env.errors['mmcv'] = error
        return f'compiled, but not for this torch: {error}'
    if module.__spec__.loader is None:
        return 'not compiled: nms runs on torchvision, any other op raises an error'
    return 'compiled'


def find_problems(env: Environment) -> list[Problem]:
    """Say what has to be fixed before mmpose_light can work.

    Args:
        env (Environment): The environment to judge.

    Returns:
        list[Problem]: The problems, in the order in which to fix them. What only
        follows from an earlier problem is left out.

    Example:
        >>> from mmpose_light.utils.check_env import Environment, find_problems
        >>> env = Environment(installed={'torch': {'torch': '2.0.1'}})
        >>> problems = find_problems(env)
        >>> any('torch 2.0.1' in problem.text for problem in problems)
        True
    """
    problems = [*_missing(env), *_wrong_versions(env)]
    return problems or [*_failing_imports(env)]


def _missing(env: Environment) -> Iterator[Problem]:
    notes = {
        'mmpose': (
            ': --no-deps leaves out chumpy, which does not build and is not needed'
        ),
        'mmdet': ': mmpose.models imports it',
    }
    for component in STACK:
        if component.name not in OPTIONAL and not env.installed.get(component.name):
            text = f'{component.name} is not installed{notes.get(component.name, "")}'
            yield Problem(text, f'pip install {component.install}')
    if env.missing_modules:
        needed = [FURTHER_MODULES[module] for module in env.missing_modules]
        yield Problem(
            f'mmengine, mmdet and mmpose also need {", ".join(env.missing_modules)}',
            f'pip install {" ".join(needed)}',
        )


def _wrong_versions(env: Environment) -> Iterator[Problem]:
    oldest, too_new = PYTHON
    if not oldest <= env.python < too_new:
        yield Problem(
            f'Python {_dotted(env.python)}: it has to be {_dotted(oldest)} or later, '
            f'and below {_dotted(too_new)}, with which mmcv does not run',
            'python3.13 -m venv .venv  # or any other that fits',
        )
    if len(env.installed.get('mmcv', {})) > 1:
        yield Problem(
            'mmcv and mmcv-lite are both installed, into the same folder: keep one',
            SWITCH_TO_LITE,
        )
    for component in STACK:
        if env.version(component.name) and (text := _out_of_range(component, env)):
            install = f'pip install {component.install}'
            switch = component.name == 'mmcv'
            yield Problem(text, SWITCH_TO_LITE if switch else install)
    is_old = env.is_at_least('torch', 2, 1) and not env.is_at_least('torch', 2, 3)
    if is_old and env.is_at_least('numpy', 2):
        opencv = next(iter(env.installed.get('opencv', ())), 'opencv-python')
        yield Problem(
            f'numpy {env.version("numpy")}: torch {env.version("torch")} is compiled '
            'against numpy 1',
            f'pip install "numpy<2" "{opencv}<4.12"',  # later ones ask for numpy 2
        )
    if env.version('mmpose') and not env.has_host_files:
        yield Problem(
            f'mmpose {env.version("mmpose")} came without its configs and tools '
            '(mmpose/.mim), on which those of mmpose_light build',
            'pip install --force-reinstall --no-deps mmpose==1.3.2',
        )


def _out_of_range(component: Component, env: Environment) -> str:
    """Say what version a component has and should have; nothing if it has such."""
    oldest, too_new = component.oldest, component.too_new
    is_new_enough = env.is_at_least(component.name, *oldest)
    if is_new_enough and not (too_new and env.is_at_least(component.name, *too_new)):
        return ''
    text = f'{component.name} {env.version(component.name)}: it has to be '
    text += f'{_dotted(oldest)} or later'
    return text + (f', and below {_dotted(too_new)}' if too_new else '')


def _dotted(version: tuple[int, ...]) -> str:
    return '.'.join(map(str, version))


def _failing_imports(env: Environment) -> Iterator[Problem]:
    """Say why what is installed cannot be imported, each missing module once."""
    reinstall = {
        part.module: f'pip install --force-reinstall {part.install}' for part in STACK
    }
    reinstall['mmcv'] = SWITCH_TO_LITE
    reinstall['xtcocotools.mask'] = (
        'pip uninstall -y xtcocotools  # pycocotools will do'
    )
    failing = {
        part.module: env.errors[part.name] for part in STACK if part.name in env.errors
    }
    if not failing and env.plugin_error is not None:
        failing = {'mmpose_light': env.plugin_error}
    missing = set()
    for name, error in failing.items():
        if not isinstance(error, ModuleNotFoundError):
            show = 'python -c "import mmpose_light"  # shows where'
            text = f'{name} cannot be imported: {_describe(error)}'
            yield Problem(text, reinstall.get(name, show))
        elif (module := str(error.name).split('.')[0]) not in missing:
            missing.add(module)
            install = f'pip install {module}'
            text = f'{name} cannot be imported: the module {module} is missing'
            yield Problem(text, reinstall.get(module, install))


def _describe(error: BaseException) -> str:
    first_line = (str(error).splitlines() or [''])[0]
    return f'{type(error).__name__}: {first_line}'


def describe(env: Environment) -> list[tuple[str, str]]:
    """Return what is worth knowing about the environment, as names and values."""
    from ..version import __version__

    rows = [
        ('mmpose_light', __version__),
        ('python', f'{platform.python_version()} ({sys.executable})'),
        ('system', platform.platform()),
        ('CPU threads', env.threads),
        ('GPU', env.gpu),
    ]
    for component in STACK:
        found = env.installed.get(component.name, {})
        value = ', '.join(f'{version} ({name})' for name, version in found.items())
        if component.name in env.errors and found:
            value += ', cannot be imported'
        absent = 'not installed'
        if component.name in OPTIONAL:
            absent += ': what stands in for it knows COCO keypoints'
        rows.append((component.name, value or absent))
    rows.append(('mmcv ops', env.ops))
    return rows
