"""What makes a trained model fast and portable."""

from .export import export_model
from .fuse import fuse
from .quantize import quantize
from .runtime import ExportedModel

__all__ = ['ExportedModel', 'export_model', 'fuse', 'quantize']
