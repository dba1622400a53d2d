"""Writes a network to files of ncnn's, which phones and small boards run.

`pnnx <https://github.com/pnnx/pnnx>`_ turns the network, as PyTorch traces it, into a
text of its layers (``.param``) and their weights (``.bin``). They take one image.
"""

import re
import shutil
import subprocess
import tempfile
from pathlib import Path

import torch

from ..utils.errors import UserError
from .forms import ExportForm, count_channels
from .fusion import fuse
from .packages import import_package


def write_ncnn(form: ExportForm, file: str | Path, precision: str = 'fp32') -> Path:
    """Write a network in its form, which is left as it is, to files of ncnn's.

    The input is called ``in0``, the outputs ``out0`` and ``out1``.

    Args:
        form (ExportForm): The network, on a CPU.
        file (str | Path): The ``.param`` file; the weights go beside it.
        precision (str): Of the weights: 'fp32' or 'fp16'. Defaults to ``'fp32'``

    Returns:
        Path: The file.

    Raises:
        MissingPackageError: If pnnx is not installed.
        UserError: If the network cannot be converted.
    """
    file, pnnx = Path(file), import_package('pnnx')
    width, height = form.input_size
    channels = count_channels(form.model)
    image = torch.zeros(1, channels, height, width)
    with tempfile.TemporaryDirectory() as folder:
        with torch.no_grad():
            traced = torch.jit.trace(fuse(form), image, check_trace=False)
        traced.save(Path(folder, 'model.pt'))
        done = subprocess.run(
            [
                pnnx.EXEC_PATH,
                'model.pt',
                f'inputshape=[1,{channels},{height},{width}]f32',
                f'fp16={int(precision == "fp16")}',
            ],
            cwd=folder,  # it writes more than is asked for
            capture_output=True,
            text=True,
            errors='replace',
        )
        param = Path(folder, 'model.ncnn.param')
        if done.returncode or not param.is_file():
            last = (done.stderr or done.stdout).strip().splitlines()[-1:]
            raise UserError(
                f'pnnx cannot convert this model (exit code {done.returncode}): '
                f'{" ".join(last)}'
            )
        text = _name_size(param.read_text(), width, height, channels)
        unknown = sorted(set(re.findall(r'^(\S+[.:]\S+)', text, re.MULTILINE)))
        if unknown:
            raise UserError(f'ncnn has no {", ".join(unknown)}: export to ONNX instead')
        file.write_text(text)
        shutil.move(param.with_suffix('.bin'), file.with_suffix('.bin'))
    return file


def _name_size(text: str, width: int, height: int, channels: int) -> str:
    """Let the layer of the input say its size, as ncnn's own tools write it."""
    return re.sub(
        r'^(Input\s+in0\s.*\bin0)$',
        rf'\1 0={width} 1={height} 2={channels}',
        text,
        flags=re.MULTILINE,
    )
