"""The public face: every name is there, and none is imported before it is used."""

import inspect
import subprocess
import sys

import pytest

from mmpose_light import apis, deploy


@pytest.mark.parametrize('package', [apis, deploy], ids=lambda p: p.__name__)
def test_every_name_is_a_function_or_class(package):
    for name in package.__all__:
        value = getattr(package, name)
        assert inspect.isfunction(value) or inspect.isclass(value), name
        assert value.__name__ == name


def test_a_function_is_not_hidden_by_its_module():
    code = (
        'import mmpose_light.apis.infer\n'
        'from mmpose_light.apis import infer\n'
        'assert callable(infer)\n'
    )
    subprocess.run([sys.executable, '-c', code], check=True)


def test_names_of_models_need_nothing_heavy():
    code = (
        'import sys\n'
        'from mmpose_light.apis import GivenBoxes, find_model, list_models\n'
        'find_model("el-hrnet-w32")\n'
        'heavy = {"torch", "mmengine", "mmcv", "mmpose", "cv2", "onnxruntime"}\n'
        'assert not heavy & set(sys.modules), heavy & set(sys.modules)\n'
    )
    subprocess.run([sys.executable, '-c', code], check=True)


def test_an_unknown_name():
    with pytest.raises(ImportError, match='no_such_name'):
        from mmpose_light.apis import no_such_name  # noqa: F401
