"""Imports that wait for their use."""

import subprocess
import sys

import pytest

from mmpose_light.utils.late_imports import import_on_use


@pytest.fixture
def package(tmp_path, monkeypatch):
    """A package that somebody derives from, calls, and annotates with."""
    (tmp_path / 'heavy').mkdir()
    (tmp_path / 'heavy' / '__init__.py').write_text('')
    (tmp_path / 'heavy' / 'part.py').write_text(
        'class Base:\n    def greet(self):\n        return "hello"\n'
        'def double(x):\n    return 2 * x\n'
    )
    (tmp_path / 'user.py').write_text(
        'from typing import Optional\n'
        'import heavy.part as part\n'
        'from heavy.part import Base, double\n'
        'def use(x: Optional[Base] = None): return double(3)\n'
    )
    (tmp_path / 'heir.py').write_text(
        'from heavy.part import Base\nclass Heir(Base):\n    pass\n'
    )
    monkeypatch.syspath_prepend(tmp_path)
    yield
    for name in ('heavy', 'heavy.part', 'user', 'heir'):
        sys.modules.pop(name, None)


def test_import_waits_for_the_use(package):
    with import_on_use('heavy'):
        import user
    assert 'heavy' not in sys.modules
    assert user.use() == 6
    assert user.part.double(4) == 8
    assert isinstance(user.part.Base(), sys.modules['heavy.part'].Base)
    assert isinstance(sys.modules['heavy.part'].Base(), user.Base)


def test_use_within(package):
    with import_on_use('heavy'):
        import user

        assert user.use() == 6
        import heir
    assert heir.Heir().greet() == 'hello'


def test_to_derive_is_use(package):
    with import_on_use('heavy'):
        import heir
    assert heir.Heir().greet() == 'hello'


def test_to_derive_is_no_use(package):
    with import_on_use('heavy', derive=False):
        import heir
    assert 'heavy' not in sys.modules
    assert heir.Heir.__mro__ == (heir.Heir, object)


def test_what_is_there_stays(package):
    import heavy.part

    with import_on_use('heavy'):
        import user
    assert user.part is heavy.part


def test_infer_leaves_out_what_it_never_uses(smooth_model, tmp_path):
    """In a process of its own: it is to start soon, and to do the same."""
    from PIL import Image

    Image.effect_noise((96, 128), 60).convert('RGB').save(tmp_path / 'a.png')
    config, checkpoint = smooth_model.config, smooth_model.checkpoint
    args = ['infer', config, tmp_path / 'a.png', '--weights', checkpoint]
    args = [str(arg) for arg in (*args, '--out-dir', tmp_path / 'out')]
    code = (
        'import sys\n'
        'from mmpose_light.cli import main\n'
        f'assert main({args!r}) == 0\n'
        'heavy = {"scipy", "matplotlib", "yapf", "sympy", "torch.distributed.fsdp"}\n'
        'heavy |= {"mmdet.models", "torch._dynamo"}\n'
        'assert not heavy & set(sys.modules), heavy & set(sys.modules)\n'
    )
    done = subprocess.run([sys.executable, '-c', code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / 'out/predictions/a.json').is_file()
