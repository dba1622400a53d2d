"""The study: networks trained and compared under one protocol."""

from ..utils.late_imports import import_later

__all__ = ['RunOptions', 'StudyData', 'evaluate_study', 'make_report', 'run_study']

import_later(
    __name__,
    {
        'RunOptions': '.options',
        'StudyData': '.data',
        'evaluate_study': '.evaluate',
        'make_report': '.report',
        'run_study': '.runner',
    },
)
