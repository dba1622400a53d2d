"""The registered modules: backbones, necks and heads."""

from .backbones import *  # noqa: F403
from .heads import *  # noqa: F403
from .necks import *  # noqa: F403
