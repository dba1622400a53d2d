"""The study's protocol: one config for all networks, and the config of each run.

The protocol is a config file with data, augmentation, schedule and evaluation, and with
``networks``, a table of what is compared. Of a network's own config only the model is
taken. See ``configs/study/lspet-256x192.py``.
"""

import copy
import hashlib
import json
from pathlib import Path

from mmengine.config import Config, ConfigDict
from mmengine.hub import get_config
from mmpose.utils.typing import ConfigType

from ..utils.errors import MissingFileError, UserError
from ..utils.repository import find_repository

FOLDER = 'configs/study'
DEFAULT = 'lspet-256x192'
_ENTRY = {'title': str, 'config': str, 'lr': (int, float)}
_OPTIONAL = {'ablation', 'model'}


def find_protocol(protocol: str | Path = DEFAULT) -> Path:
    """Find the config file of a protocol: itself, or its name in ``configs/study``.

    Raises:
        MissingFileError: If there is none.
    """
    if Path(protocol).is_file():
        return Path(protocol)
    known = {path.stem: path for path in (find_repository() / FOLDER).glob('*.py')}
    if str(protocol) not in known:
        raise MissingFileError(
            f'protocol {protocol} does not exist: give a config file, or one of '
            f'{", ".join(sorted(known))}'
        )
    return known[str(protocol)]


def read_protocol(protocol: str | Path = DEFAULT) -> Config:
    """Read a protocol, as of :func:`find_protocol`, and check its table of networks.

    Raises:
        MissingFileError: If there is no such file.
        UserError: If it has no ``networks``, or an entry lacks something.
    """
    path = find_protocol(protocol)
    protocol = Config.fromfile(path)
    networks = protocol.get('networks')
    if not networks:
        raise UserError(
            f'{path} is no protocol of a study, it has no networks: '
            'see configs/study/lspet-256x192.py'
        )
    for name, entry in networks.items():
        wrong = [
            key for key, kind in _ENTRY.items() if not isinstance(entry.get(key), kind)
        ]
        wrong += sorted({*entry} - {*_ENTRY} - _OPTIONAL)
        if wrong:
            raise UserError(
                f'network {name!r} of {path}: {wrong[0]!r} is missing or wrong; an '
                "entry has 'title', 'config', 'lr' and perhaps 'ablation', 'model'"
            )
    return protocol


def choose_networks(protocol: Config, wanted: list[str] | None) -> list[str]:
    """Return the networks that are wanted, ``None`` for all, in the protocol's order.

    Raises:
        UserError: If a name is unknown.
    """
    unknown = [name for name in wanted or [] if name not in protocol.networks]
    if unknown:
        raise UserError(
            f'network {unknown[0]!r} is unknown: give some of '
            f'{", ".join(protocol.networks)}'
        )
    return [name for name in protocol.networks if not wanted or name in wanted]


def build_config(protocol: Config, name: str, lr_scale: float = 1.0) -> Config:
    """Put a network's model and its learning rate, times a factor, into the protocol.

    Returns:
        Config: What MMEngine's runner takes, without the number of epochs and with
        the protocol's own data.

    Raises:
        UserError: If the network takes images of another size.
    """
    entry = protocol.networks[name]
    cfg = copy.deepcopy(protocol)  # Config.copy shares what is nested
    for key in ('networks', 'coco', 'eeffpose'):
        cfg.pop(key, None)
    cfg.model = _read_model(entry, Path(protocol.filename).parent)
    encoder = cfg.model.head.decoder
    if tuple(encoder.input_size) != tuple(cfg.input_size):
        raise UserError(
            f'network {name!r} takes images of {tuple(encoder.input_size)}, the '
            f'protocol gives {tuple(cfg.input_size)}: give a config of that size'
        )
    for transform in cfg.train_dataloader.dataset.pipeline:
        if transform.type == 'GenerateTarget':
            transform.encoder = encoder
    cfg.optim_wrapper.optimizer.lr = entry.lr * lr_scale
    return cfg


def config_hash(cfg: Config) -> str:
    """Return the SHA-256 of what a config says, in hexadecimal digits."""
    return hashlib.sha256(
        json.dumps(cfg.to_dict(), sort_keys=True).encode()
    ).hexdigest()


def _read_model(entry: ConfigDict, folder: Path) -> ConfigType:
    """Return a network's model, to be trained from scratch."""
    if '::' in entry.config:
        model = get_config(entry.config).model
    else:
        model = Config.fromfile(folder / entry.config).model
    init_cfg = model.backbone.get('init_cfg')
    if isinstance(init_cfg, dict) and init_cfg.get('type') == 'Pretrained':
        del model.backbone['init_cfg']
    # numpy's measurement in every step costs time, and knows no bfloat16
    model.train_cfg = dict(compute_acc=False)
    cfg = Config(dict(model=model))
    cfg.merge_from_dict(dict(model=entry.get('model', {})))
    return cfg.model
