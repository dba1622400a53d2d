"""The study: networks trained and compared under one protocol."""

from .data import StudyData
from .options import RunOptions
from .report import make_report
from .runner import run_study

__all__ = ['RunOptions', 'StudyData', 'make_report', 'run_study']
