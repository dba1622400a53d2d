"""The study: networks trained and compared under one protocol."""

from .data import StudyData
from .runner import RunOptions, run_study

__all__ = ['RunOptions', 'StudyData', 'run_study']
