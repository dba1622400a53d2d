"""The form in which a network is exported: what it takes and what it gives.

A network of MMPose takes normalized images and gives heatmaps, or SimCC vectors
(`SimCC <https://arxiv.org/abs/2107.03332>`_). Other programs want other forms, which
are linear maps and maxima around the network, so they go into the graph:

- :class:`InputForm` takes BGR where the network wants RGB, or raw pixels;
- :class:`HeatmapsToSimCC` makes of heatmaps the vectors that RTMPose gives, which is
  what rtmlib and many other programs decode.
"""

import copy
from typing import Any

import numpy as np
import torch
from mmengine.model import ImgDataPreprocessor
from mmpose.models.pose_estimators import TopdownPoseEstimator
from torch import Tensor, nn

from ..utils.errors import UserError
from .choices import GRAY
from .fusion import check_eval_mode

#: Bins of a SimCC vector for one input pixel, as in RTMPose and rtmlib.
SPLIT_RATIO = 2.0

CUBIC = -0.75
"""The coefficient of cubic interpolation in PyTorch, OpenCV and ONNX."""


class InputForm(nn.Module):
    """Turn the input of the file into the input of the network, by a 1×1 convolution.

    It is a layer of its own, and stays one: the network's first convolution pads its
    input with zeros, which stand for the mean color, and after folding the padding
    would have to be another value for each channel.

    Args:
        mean (Sequence[float]): Mean of each channel, in the network's order.
        std (Sequence[float]): Standard deviation of each channel, likewise.
        swap (bool): Whether the file takes the channels in the other order than the
            network (BGR for RGB). Normalized input is then taken to be normalized by
            ``mean`` and ``std`` in the order in which they stand, which is how rtmlib
            treats BGR.
        raw (bool): Whether the file takes raw pixels, uint8, shape (N, H, W, 3), in
            the place of normalized ones, float32, shape (N, 3, H, W).
    """

    def __init__(self, mean: Tensor, std: Tensor, *, swap: bool, raw: bool) -> None:
        super().__init__()
        mean = torch.as_tensor(mean, dtype=torch.float64).flatten()
        std = torch.as_tensor(std, dtype=torch.float64).flatten()
        count = len(mean)
        order = list(range(count))[:: -1 if swap else 1]
        # network = (pixel - mean) / std; pixel = scale * input[order] + shift
        scale = torch.ones(count) if raw else std[order]
        shift = torch.zeros(count) if raw else mean[order]
        weight = torch.eye(count, dtype=torch.float64)[order] * (scale / std)[:, None]
        self.raw = raw
        self.conv = nn.Conv2d(count, count, 1)
        with torch.no_grad():
            self.conv.weight.copy_(weight[..., None, None])
            self.conv.bias.copy_((shift - mean) / std)

    def forward(self, x: Tensor) -> Tensor:
        """Map the file's input to (N, 3, H, W), float32, as the network wants it."""
        if self.raw:
            x = x.permute(0, 3, 1, 2).float()
        return self.conv(x)


class HeatmapsToSimCC(nn.Module):
    r"""Make SimCC vectors of heatmaps.

    For each axis the maximum over the other one, then cubic interpolation to two bins
    for each pixel of the input. Interpolation is linear, so it is a product with a
    constant matrix, which every runtime has, whatever the alignment of the grids.

    Args:
        input_size (tuple[int, int]): Width and height of the network's input.
        heatmap_size (tuple[int, int]): Width and height of the heatmaps.
        unbiased (bool): Whether the centers of the first and of the last pixel of a
            heatmap stand for 0 and for the width of the input, as :class:`UDPHeatmap`
            decodes, and not pixel :math:`i` for :math:`i` times the stride, as
            :class:`MSRAHeatmap` does. Defaults to ``False``

    Raises:
        UserError: If the input is not a whole multiple of the heatmaps, the same for
            width and height, or a heatmap has a side of one pixel.

    Example:
        >>> import torch
        >>> from mmpose_light.deploy.forms import HeatmapsToSimCC
        >>> x, y = HeatmapsToSimCC((192, 256), (48, 64))(torch.rand(1, 17, 64, 48))
        >>> x.shape, y.shape
        (torch.Size([1, 17, 384]), torch.Size([1, 17, 512]))
    """

    def __init__(
        self,
        input_size: tuple[int, int],
        heatmap_size: tuple[int, int],
        unbiased: bool = False,
    ) -> None:
        super().__init__()
        strides = [a / b for a, b in zip(input_size, heatmap_size, strict=True)]
        if strides[0] != strides[1] or strides[0] % 1 or min(heatmap_size) < 2:
            raise UserError(
                f'heatmaps of {heatmap_size[0]}×{heatmap_size[1]} do not make SimCC '
                f'vectors for an input of {input_size[0]}×{input_size[1]}: the input '
                "must be a whole multiple of them; export with output='heatmap'"
            )
        for name, size, cells in zip('xy', input_size, heatmap_size, strict=True):
            step = SPLIT_RATIO * size / (cells - 1 if unbiased else cells)
            matrix = interpolation_matrix(cells, int(SPLIT_RATIO * size), step)
            self.register_buffer(f'to_{name}', torch.from_numpy(matrix))

    def forward(self, heatmaps: Tensor) -> tuple[Tensor, Tensor]:
        """Map (N, K, h, w) to (N, K, 2W) and (N, K, 2H)."""
        return heatmaps.amax(2) @ self.to_x, heatmaps.amax(3) @ self.to_y


def interpolation_matrix(cells: int, bins: int, step: float) -> np.ndarray:
    """Write cubic interpolation as a matrix.

    Args:
        cells (int): Number of values.
        bins (int): Number of interpolated values.
        step (float): Bins from one value to the next: value ``i`` lies at bin
            ``i * step``. Behind the last value nothing changes any more, so that a peak
            at the edge stays there and is not led beyond by the curve.

    Returns:
        np.ndarray: float32, shape (cells, bins); values times it are the interpolated
        ones.
    """
    places = np.minimum(np.arange(bins) / step, cells - 1)
    matrix = np.zeros((cells, bins))
    for tap in range(-1, 3):
        source = np.floor(places) + tap
        far = np.abs(places - source)
        near = (CUBIC + 2) * far**3 - (CUBIC + 3) * far**2 + 1
        wide = CUBIC * (far**3 - 5 * far**2 + 8 * far - 4)
        weight = np.where(far <= 1, near, wide)
        rows = source.clip(0, cells - 1).astype(int)
        np.add.at(matrix, (rows, np.arange(bins)), weight)
    return matrix.astype(np.float32)


class ExportForm(nn.Module):
    """A network with the input and the output of the file to be written.

    It gives what ``OUTPUTS[form.output]`` names.

    Args:
        model (TopdownPoseEstimator): The network in eval mode, with the data
            preprocessor and the head that it was built with; it is held, not copied.
        input_size (tuple[int, int]): Width and height of the input in pixels.
        output (str, optional): As of :class:`~mmpose_light.deploy.choices.FileForm`,
            like all below.
        channels (str): Likewise.
        preprocess (bool): Likewise.

    Raises:
        UserError: If the model is not top-down, gives neither heatmaps nor SimCC
            vectors, or its heatmaps make no SimCC vectors.
        ValueError: If it is in training mode.

    Attributes:
        native (str): What the network gives, 'heatmap' or 'simcc'.
        output (str): What the form gives, likewise.
        keypoints (int): For how many keypoints.
    """

    def __init__(
        self,
        model: TopdownPoseEstimator,
        input_size: tuple[int, int],
        output: str | None = None,
        channels: str = 'rgb',
        preprocess: bool = False,
    ) -> None:
        super().__init__()
        check_topdown(model)
        check_eval_mode(model)
        own = network_channels(model)
        self.channels = own if own == GRAY else channels
        self.input_size = input_size
        self.preprocess = preprocess
        given = network_output(model, input_size)
        self.native = 'heatmap' if len(given) == 1 else 'simcc'
        self.output = 'simcc' if 'simcc' in (self.native, output) else 'heatmap'
        self.keypoints = given[0].shape[1]
        self.input_form = self.output_form = nn.Identity()
        swap = self.channels != own
        if swap or preprocess:
            mean, std = normalization(model)
            self.input_form = InputForm(mean, std, swap=swap, raw=preprocess)
        if self.output != self.native:
            height, width = given[0].shape[2:]
            unbiased = type(model.head.decoder).__name__ == 'UDPHeatmap'
            self.output_form = HeatmapsToSimCC(input_size, (width, height), unbiased)
        self.to(given[0].device).eval()
        self.model = model

    def forward(self, x: Tensor) -> Tensor | tuple[Tensor, ...]:
        """Map the file's input to its outputs."""
        given = self.model(self.input_form(x), None, mode='tensor')
        return self.output_form(last_stage(given))


def check_topdown(model: nn.Module) -> None:
    """Complain about a model that is not top-down, or prepares images otherwise."""
    if not isinstance(model, TopdownPoseEstimator):
        raise UserError(
            f'the model is a {type(model).__name__}, expected a TopdownPoseEstimator'
        )
    if not isinstance(model.data_preprocessor, ImgDataPreprocessor):
        raise UserError(
            f'the data preprocessor is a {type(model.data_preprocessor).__name__}, '
            'expected a PoseDataPreprocessor'
        )


def network_channels(model: TopdownPoseEstimator) -> str:
    """Return the order in which a network takes the channels: 'rgb', 'bgr', 'gray'."""
    if count_channels(model) == 1:
        return GRAY
    return 'rgb' if model.data_preprocessor._channel_conversion else 'bgr'


def count_channels(model: TopdownPoseEstimator) -> int:
    """Return how many channels a network's input has: those of its first layer."""
    layers = (m for m in model.modules() if isinstance(m, nn.Conv2d | nn.Linear))
    first = next(layers, None)
    return 1 if isinstance(first, nn.Conv2d) and first.in_channels == 1 else 3


def normalization(model: TopdownPoseEstimator) -> tuple[list[float], list[float]]:
    """Return mean and standard deviation of the channels, in the network's order."""
    preprocessor = model.data_preprocessor
    if not preprocessor._enable_normalize:
        count = count_channels(model)
        return [0.0] * count, [1.0] * count
    mean, std = preprocessor.mean.flatten(), preprocessor.std.flatten()
    # as they stand in the config, without what float32 adds
    return [[round(float(v), 4) for v in values] for values in (mean, std)]


def last_stage(given: Any) -> Any:
    """Return what counts of a head's output: of heatmaps of several stages, the last.

    Heads of MMPose that give heatmaps for each stage (Hourglass, CPM, MSPN, RSN) give a
    list of them and decode the last; SimCC vectors are a tuple.
    """
    if not isinstance(given, list) or not given:
        return given
    staged = all(getattr(item, 'ndim', None) == 4 for item in given)
    return given[-1] if staged else given


def network_output(
    model: TopdownPoseEstimator, input_size: tuple[int, int]
) -> tuple[Tensor, ...]:
    """Run a network in eval mode on a black image and check what it gives.

    Returns:
        tuple[Tensor, ...]: Heatmaps, those of the last stage, or the SimCC vectors of
        x and y.

    Raises:
        UserError: If it gives something else.
    """
    width, height = input_size
    device = next(model.parameters()).device
    image = torch.zeros(1, count_channels(model), height, width, device=device)
    with torch.no_grad():
        given = model(image, None, 'tensor')
    given = last_stage(given)
    given = tuple(given) if isinstance(given, tuple | list) else (given,)
    if [getattr(item, 'ndim', None) for item in given] not in ([4], [3, 3]):
        shapes = [tuple(getattr(item, 'shape', ())) for item in given]
        raise UserError(
            f'the head {type(model.head).__name__} gives outputs of shapes {shapes}, '
            'and only heatmaps (N, K, h, w) or a pair of SimCC vectors (N, K, W) can '
            'be exported'
        )
    return given


@torch.no_grad()
def in_double(form: ExportForm) -> ExportForm:
    """Return a copy of a form whose network computes in double precision."""
    double = copy.deepcopy(form).double()
    double.input_form.float()
    double.model.register_forward_pre_hook(
        lambda model, given: (given[0].double(), *given[1:])
    )
    return double


@torch.no_grad()
def run_torch(form: nn.Module, images: np.ndarray) -> list[np.ndarray]:
    """Run a form on some images, one at a time; return the outputs for all."""
    device = next(form.parameters()).device
    given = [form(torch.from_numpy(image[None]).to(device)) for image in images]
    given = [item if isinstance(item, tuple) else (item,) for item in given]
    return [torch.cat(parts).cpu().numpy() for parts in zip(*given, strict=True)]
