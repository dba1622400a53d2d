"""Closes the gaps of the released OpenMMLab stack, in one place.

- :mod:`.mmcv_ops`: mmcv without compiled ops.
- :mod:`.safe_loader`: checkpoints of MMEngine and torch's safe loader.
- :mod:`.xtcocotools`: MMPose's COCO tools, which have wheels up to Python 3.11 alone.
- :mod:`.visualizer`: MMPose's drawing and numpy 2.5.

With ``import mmpose_light``, which has to come before ``mmpose.apis`` and
``mmpose.models``, each gap is closed as soon as the package that has it is imported. It
changes nothing where there is no gap, and nothing that somebody else registered.
"""

from ..import_hooks import after_import
from .mmcv_ops import install_ops_stand_in
from .safe_loader import allow_mmengine_checkpoints
from .visualizer import take_radius_from_array
from .xtcocotools import find_xtcocotools_stand_in


def apply() -> None:
    """Close all gaps, as far as they are open, once what has them is imported.

    Calling it again changes nothing.
    """
    after_import('mmcv', install_ops_stand_in)
    after_import('mmengine.runner', allow_mmengine_checkpoints)
    after_import(
        'mmpose.visualization.opencv_backend_visualizer', take_radius_from_array
    )
    find_xtcocotools_stand_in()
