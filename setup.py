"""Builds and installs mmpose_light.

A wheel also carries the configs, tools, weights and model-index.yml, under
``mmpose_light/.mim``, where ``mim train``, ``mim test``, ``mim run`` and
``mim search`` look for them.
"""

import runpy
import shutil
from pathlib import Path

from setuptools import find_packages, setup
from setuptools.command.build_py import build_py

PACKAGE = 'mmpose_light'
MIM_SOURCES = ('configs', 'tools', 'weights', 'model-index.yml')


class BuildWithMim(build_py):
    """Builds the package, with what mim looks for beside the modules.

    An editable build is left as it is: there mim works from the checkout.
    """

    def run(self) -> None:
        """Build, then lay ``.mim`` into the build folder, never into the sources."""
        super().run()
        if self._is_editable():
            return
        shutil.rmtree(self._mim_target(), ignore_errors=True)
        for source, target in self._mim_files():
            self.mkpath(str(target.parent))
            self.copy_file(str(source), str(target))

    def get_outputs(self, include_bytecode: bool = True) -> list[str]:
        """Return the files that a build writes; see the base class."""
        outputs = super().get_outputs(include_bytecode)
        if not self._is_editable():
            outputs += [str(target) for _, target in self._mim_files()]
        return outputs

    def get_source_files(self) -> list[str]:
        """Return the files that a source distribution needs; see the base class."""
        mim_sources = [str(source) for source, _ in self._mim_files()]
        return super().get_source_files() + mim_sources

    def _is_editable(self) -> bool:
        return getattr(self, 'editable_mode', False)  # setuptools 64 brought it

    def _mim_target(self) -> Path:
        return Path(self.build_lib) / PACKAGE / '.mim'

    def _mim_files(self) -> list[tuple[Path, Path]]:
        """Return every file of ``.mim``: where it lies, and where it is built."""
        sources = []
        for path in map(Path, MIM_SOURCES):
            sources += sorted(path.rglob('*')) if path.is_dir() else [path]
        return [
            (source, self._mim_target() / source)
            for source in sources
            if not source.is_dir() and '__pycache__' not in source.parts
        ]


def read_long_description() -> str:
    """Return the README, if it lies beside this file."""
    readme = Path('README.md')
    return readme.read_text(encoding='utf-8') if readme.is_file() else ''


setup(
    name='mmpose-light',
    version=runpy.run_path(f'{PACKAGE}/version.py')['__version__'],
    description='Light networks for top-down human pose estimation with MMPose',
    long_description=read_long_description(),
    long_description_content_type='text/markdown',
    license='Apache-2.0',
    keywords='computer vision, human pose estimation, MMPose, EL-HRNet, EEffPose',
    classifiers=[
        'Development Status :: 4 - Beta',
        'Operating System :: OS Independent',
        'Programming Language :: Python :: 3',
        'Programming Language :: Python :: 3.10',
        'Programming Language :: Python :: 3.11',
        'Programming Language :: Python :: 3.12',
        'Programming Language :: Python :: 3.13',
        'Topic :: Scientific/Engineering :: Artificial Intelligence',
    ],
    packages=find_packages(include=[PACKAGE, f'{PACKAGE}.*']),
    cmdclass={'build_py': BuildWithMim},
    python_requires='>=3.10',
    # A plugin: everything that it needs, the MMPose beside it has. None of it is named
    # here because pip, to satisfy even a bare name, would follow what that package
    # names in turn: mmpose leads to chumpy, which does not build, and to xtcocotools,
    # mmengine to another OpenCV, and mmcv goes by two names. On a machine without that
    # stack, `mmpose-light check-env` says what to install.
    install_requires=[],
    # Exporting to ONNX and running what was exported. Here pip may follow what they
    # name: they go with numpy 1 and 2, and leave the one that is there; ml-dtypes from
    # 0.6 on, which onnx names, would not.
    extras_require={
        'deploy': [
            'ml-dtypes<0.6',
            'onnx>=1.17',
            'onnxruntime>=1.20',
            'onnxslim>=0.1.59',
            'openvino>=2024.6',
        ],
        'ncnn': ['ncnn>=1.0.20250503', 'pnnx>=20250530'],
    },
    entry_points={'console_scripts': [f'mmpose-light = {PACKAGE}.cli:main']},
    zip_safe=False,
)
