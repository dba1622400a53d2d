"""Models by name: the one way to say which, in every command and function.

A model is named by

- a config file;
- one of MMPose's, ``mmpose::body_2d_keypoint/…``;
- a config's name without folder and suffix, of this package or of MMPose;
- a short name: ``el-hrnet-w32``, ``eeffpose-p0``, ``hrnet-w32`` …;
- the name of a trained model, whose weights come along:
  ``eeffpose-p0-001-lspet-mpii``, ``el-hrnet-w32-lspet-mpii``.
"""

import contextlib
import fnmatch
import functools
import glob
import importlib
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.machinery import PathFinder
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..deploy.choices import KEYPOINT_THRESHOLD, find_format
from ..utils.errors import MissingFileError, UserError, suggest
from ..utils.late_imports import import_host
from ..utils.repository import find_repository

if TYPE_CHECKING:
    from mmengine.config import Config
    from torch import nn

#: The trained model that is run where none is named: the best that comes along.
DEFAULT_MODEL = 'eeffpose-p0-001-lspet-mpii'

_LIST = '`mmpose-light list-models` lists the names'
_HOST = 'mmpose'


@dataclass(frozen=True)
class Model:
    """A model that was found."""

    name: str  # its name, short where it has a short one
    config: Path
    #: Its weights, a file or an address; ``None`` where it has none.
    weights: Path | str | None = None
    #: Its entry in this package's metafiles; empty without one.
    metafile: Mapping[str, Any] = field(default_factory=dict, compare=False, repr=False)

    @property
    def keypoint_threshold(self) -> float:
        """float: Least score of a keypoint that is drawn."""
        about = self.metafile.get('Metadata', {})
        return about.get('Keypoint Threshold', KEYPOINT_THRESHOLD)


def list_models(pattern: str = '*', trained: bool = False) -> list[str]:
    """List the names of models.

    Args:
        pattern (str): What the names are to be like, with ``*`` and ``?``. Defaults to
            ``'*'``
        trained (bool): Whether to list those alone whose weights come along. Defaults
            to ``False``

    Returns:
        list[str]: Short names, trained models, and the names of this package's configs.

    Example:
        >>> from mmpose_light.apis.models import list_models
        >>> list_models('eeffpose-p0*')[:2]
        ['eeffpose-p0', 'eeffpose-p0-001']
    """
    return [
        name
        for name, model in _known_models().items()
        if fnmatch.fnmatchcase(name.lower(), pattern.lower())
        and (model.weights is not None or not trained)
    ]


def find_model(model: str | Path, weights: str | Path | None = None) -> Model:
    """Find the files of a model.

    Args:
        model (str | Path): Its name, in any of the ways that this module tells.
        weights (str | Path, optional): A file of weights, or an address. Defaults to
            ``None``, those of a trained model, and none for any other

    Raises:
        MissingFileError: If a file does not exist.
        UserError: If there is no such model, or a trained one is given other weights.

    Example:
        >>> from mmpose_light.apis.models import find_model
        >>> find_model('el-hrnet-w32').config.name
        'td-hm_el-hrnet-w32_1xb16-300e_coco-256x192.py'
    """
    found = _find_config(str(model))
    if weights is not None:
        if found.weights is not None:
            raise UserError(
                f'{found.name} has its own weights: leave --weights {weights} out, or '
                f'give the config {found.config}'
            )
        if '://' not in str(weights) and not Path(weights).expanduser().is_file():
            raise MissingFileError(
                f'checkpoint {weights} does not exist: --weights takes a file of weights'
            )
    elif found.weights is not None and not Path(found.weights).is_file():
        raise MissingFileError(
            f'the weights of {found.name} are missing: {found.weights}. Check the '
            'repository out again, or install the package again'
        )
    return Model(found.name, found.config, weights or found.weights, found.metafile)


def is_model(name: str | Path) -> bool:
    """Return whether a name is that of a model or of an exported file.

    Example:
        >>> from mmpose_light.apis.models import is_model
        >>> is_model('el-hrnet-w32'), is_model('photo.jpg')
        (True, False)
    """
    if Path(name).suffix == '.py' or '::' in str(name) or find_format(name):
        return True
    if glob.has_magic(str(name)):  # of inputs
        return False
    if Path(name).is_dir():  # configs are called `coco`, too
        return name in _known_models()
    try:
        return find_model(name).config.suffix == '.py'
    except (UserError, OSError):
        return False


def get_model(
    name: str | Path, weights: str | Path | None = None, device: str = 'auto'
) -> 'nn.Module':
    """Build a model with its weights.

    Args:
        name (str | Path): The model, in any of the ways that this module tells.
        weights (str | Path, optional): A file of weights, or an address. Defaults to
            ``None``, those of a trained model, and random ones, with a warning, for
            any other
        device (str): 'cpu', 'cuda', 'cuda:1' …, or 'auto': a GPU where there is one.
            Defaults to ``'auto'``

    Returns:
        nn.Module: The model in eval mode, with its ``cfg`` and ``dataset_meta``.

    Raises:
        MissingFileError: If a file does not exist.
        UserError: If there is no such model or device, or the weights are broken or do
            not fit.
    """
    model = find_model(name, weights)
    return load_model(model.config, model.weights, device)


def load_model(
    config: str | Path, checkpoint: str | Path | None, device: str = 'auto'
) -> 'nn.Module':
    """Build a model and fill it, all of it, as :func:`get_model` does from its files.

    Raises:
        MissingFileError: If config or checkpoint does not exist.
        UserError: If the checkpoint is broken or does not fit, or there is no such
            device.
    """
    import_host()
    from mmengine.config import Config
    from mmengine.device import get_device

    from ..checkpoints.loading import load_fitting, read_checkpoint

    device = choose_device(device) or get_device()
    weights = {} if checkpoint is None else read_checkpoint(checkpoint)
    cfg = Config.fromfile(config)
    model = _build(cfg)
    if checkpoint is None:
        warnings.warn(
            'no checkpoint: the weights are random and the results mean nothing',
            RuntimeWarning,
            stacklevel=3,
        )
    else:
        load_fitting(model, weights, checkpoint)
    model.dataset_meta = weights.get('meta', {}).get('dataset_meta') or _read_meta(cfg)
    if model.dataset_meta is None:
        raise UserError(
            f'neither checkpoint {checkpoint} nor config {config} tells dataset_meta '
            '(keypoints, skeleton): give the config a train_dataloader'
        )
    model.cfg = cfg
    return model.to(device).eval()


def _build(cfg: 'Config') -> 'nn.Module':
    """Build a network with the weights that its layers start with."""
    from mmengine.model import revert_sync_batchnorm
    from mmengine.registry import init_default_scope
    from mmpose.registry import MODELS

    init_default_scope(cfg.get('default_scope', 'mmpose'))
    cfg.model.train_cfg = None
    return revert_sync_batchnorm(MODELS.build(cfg.model))


def _read_meta(cfg: 'Config') -> dict | None:
    """Read what a config tells of the keypoints of its training data."""
    from mmpose.datasets.datasets.utils import parse_pose_metainfo
    from mmpose.registry import DATASETS

    if 'train_dataloader' not in cfg:
        return None
    dataset = cfg.train_dataloader.dataset
    if 'metainfo' in dataset:
        return parse_pose_metainfo(dataset.metainfo)
    kind = dataset.type
    kind = kind if isinstance(kind, type) else DATASETS.get(kind)
    return parse_pose_metainfo(kind.METAINFO)


def choose_device(device: str) -> str | None:
    """Check a device's name; None, MMEngine's word for the best there is, for 'auto'.

    Raises:
        UserError: If there is no such device here.
    """
    if device == 'auto':
        return None
    import torch

    try:
        wanted = torch.device(device)
    except RuntimeError as error:
        raise UserError(
            f"device {device!r} is unknown: 'auto', 'cpu', 'cuda' or 'cuda:0' would do"
        ) from error
    if wanted.type == 'cuda' and (wanted.index or 0) >= torch.cuda.device_count():
        raise UserError(
            f'device {device!r} is not here: PyTorch {torch.__version__} sees '
            f"{torch.cuda.device_count()} GPUs. 'cpu' or 'auto' would do"
        )
    return device


# Names


def _find_config(name: str) -> Model:
    """Find the model of a name, and its own weights."""
    path = Path(name).expanduser()
    if path.is_file():
        if find_format(path):
            raise UserError(
                f'{name} is an exported file and no model of PyTorch: '
                '`mmpose-light infer` runs it; here, name the model it was made of'
            )
        return Model(path.stem, path)
    if '::' in name:
        return _find_in_package(*name.split('::', 1))
    known = _known_models()
    if name in known:
        if not known[name].config.is_file():
            raise MissingFileError(
                f'the config of {name} is missing: {known[name].config}'
            )
        return known[name]
    if path.suffix:
        raise MissingFileError(
            f'config {name} does not exist: give a config file or the name of a model; '
            f'{_LIST}'
        )
    for folder in _config_folders():
        pattern = f'{glob.escape(name)}.py'
        found = next(folder.rglob(pattern), None) if name == path.name else None
        if found:
            return Model(name, found)
    raise UserError(f'there is no model {name!r}{suggest(name, known)}; {_LIST}')


def _known_models() -> dict[str, Model]:
    """List models by name: trained ones, short names, names of configs."""
    from .zoo import ZOO

    try:
        root = find_repository()
    except FileNotFoundError:  # the package came without its configs
        return {}
    entries = _read_metafiles(root)
    trained, configs = {}, {}
    for entry in entries:
        config = root / entry['Config']
        configs[entry['Name']] = Model(entry['Name'], config, metafile=entry)
        if {'Alias', 'Weights'} <= entry.keys():
            weights = root / entry['Weights']
            trained[entry['Alias']] = Model(entry['Alias'], config, weights, entry)
            del configs[entry['Name']]
    by_config = {model.config: model for model in configs.values()}
    host, short = _package_configs(_HOST) or Path(_HOST), {}
    for name, (_, config) in ZOO.items():
        package, _, below = config.rpartition('::')
        path = (host if package else root / 'configs') / below
        about = by_config[path].metafile if path in by_config else {}
        short[name] = Model(name, path, metafile=about)
    return {**short, **trained, **configs}


@functools.cache
def _read_metafiles(root: Path) -> tuple[dict, ...]:
    """Read the models of the metafiles, once a process."""
    import yaml

    loader = getattr(yaml, 'CSafeLoader', yaml.SafeLoader)  # the quicker one
    index = yaml.load((root / 'model-index.yml').read_text('utf-8'), loader)
    return tuple(
        entry
        for metafile in index['Import']
        for entry in yaml.load((root / metafile).read_text('utf-8'), loader)['Models']
    )


def _config_folders() -> list[Path]:
    """List where configs lie: this package's and MMPose's."""
    folders = []
    with contextlib.suppress(FileNotFoundError):
        folders.append(find_repository() / 'configs')
    host = _package_configs(_HOST)
    return [*folders, host] if host else folders


def _find_in_package(package: str, path: str) -> Model:
    """Find a config that a package brings, such as ``mmpose::…``."""
    folder = _package_configs(package)
    if folder is None:
        raise UserError(
            f'{package}::{path} is not here: no package {package} with configs is '
            'installed'
        )
    config = folder / (path if path.endswith('.py') else f'{path}.py')
    if not config.is_file():
        raise MissingFileError(
            f'{package}::{path} is not there: {config} does not exist'
        )
    return Model(config.stem, config)


def _package_configs(package: str) -> Path | None:
    """Return the folder of the configs that a package brings."""
    spec = PathFinder.find_spec(package)
    if spec is None:  # an editable install; the import knows where it lies
        try:
            spec = importlib.import_module(package).__spec__
        except ImportError:
            return None
    folders = [Path(p, '.mim', 'configs') for p in spec.submodule_search_locations]
    return next((folder for folder in folders if folder.is_dir()), None)
