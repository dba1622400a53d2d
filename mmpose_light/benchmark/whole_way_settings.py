"""What the benchmark of the whole way measures."""

from dataclasses import dataclass

from ..deploy.choices import check_choice
from ..deploy.packages import import_package
from ..deploy.runtimes import check_runtime, check_threads
from ..utils.errors import UserError
from ..utils.options import option
from ..utils.threads import count_cores

OUT_DIR = 'work_dirs/benchmark_infer'
RUNTIMES = {
    'torch': 'PyTorch',
    'onnxruntime': 'ONNX Runtime',
    'openvino': 'OpenVINO',
    'rtmlib': 'rtmlib',
}
DRAWN_IMAGES = 24  # where no photographs are given


@dataclass(frozen=True)
class WholeWaySettings:
    """The settings of the benchmark of the whole way: each field says what it means.

    Raises:
        UserError: If a setting is not what it should be.
        MissingPackageError: If a runtime is not installed.
    """

    models: tuple[str, ...]
    images: tuple[str, ...] = option(
        (),
        f'images, folders, patterns (default: {DRAWN_IMAGES} of drawn people)',
        metavar='IMAGE',
    )
    ann_file: str | None = option(
        None,
        "COCO annotations with the people's boxes (default: each image is one person)",
        metavar='FILE',
    )
    runtimes: tuple[str, ...] = option(
        ('torch', 'onnxruntime', 'openvino'),
        f'some of {" ".join(RUNTIMES)}; rtmlib is its RTMPose class on the same file',
        metavar='RUNTIME',
    )
    batch_size: int = option(8, 'people in one forward pass; rtmlib takes one')
    threads: int | None = option(None, 'threads (default: one for each core)')
    rounds: int = option(3, 'turns that each gets')

    def __post_init__(self) -> None:
        if self.threads is None:
            object.__setattr__(self, 'threads', count_cores())
        check_threads(self.threads)
        for name in ('batch_size', 'rounds'):
            if getattr(self, name) < 1:
                raise UserError(f'{name} is {getattr(self, name)}, expected 1 or more')
        for name in self.runtimes:
            check_choice('runtime', name, RUNTIMES)
            if name == 'rtmlib':
                import_package(name)
            elif name != 'torch':
                check_runtime(name)
