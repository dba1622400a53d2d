"""The console command ``mmpose-light``.

A subcommand is a module with two functions: ``add_arguments(parser)`` and
``main(args)``, which returns the exit code or None. It is listed in :data:`COMMANDS`
and imported only when it is called.
"""

import argparse
import importlib
import sys
from collections.abc import Sequence

from ..version import __version__

#: Each subcommand's name, its module and what it does.
COMMANDS = {
    'check-env': (
        'mmpose_light.utils.check_env',
        'show the versions of the stack and what to fix',
    ),
    'infer': (
        'mmpose_light.apis.infer',
        'estimate poses in pictures and videos',
    ),
    'benchmark': (
        'mmpose_light.cli.benchmark',
        'measure networks side by side: latency, memory, the training step',
    ),
    'export-onnx': (
        'mmpose_light.apis.export',
        'write a model to an ONNX file, checked and described',
    ),
    'visualize-heatmaps': (
        'mmpose_light.visualization.heatmap_pictures',
        "draw a model's heatmaps, scale by scale, over a photograph",
    ),
    'plot-curves': (
        'mmpose_light.cli.plot_curves',
        'draw AP and learning rate of training runs over the epochs',
    ),
}


def main(argv: Sequence[str] | None = None) -> int | None:
    """Run the subcommand that the command line names.

    Args:
        argv (Sequence[str], optional): The arguments. Defaults to ``None``, those of
            this process

    Returns:
        int | None: The exit code, ``None`` meaning 0.
    """
    argv = sys.argv[1:] if argv is None else argv
    parser = argparse.ArgumentParser(
        prog='mmpose-light',
        description='Light networks for human pose estimation with MMPose.',
    )
    parser.add_argument('--version', action='version', version=__version__)
    subparsers = parser.add_subparsers(
        title='commands', metavar='COMMAND', required=True
    )
    for name, (module_name, summary) in COMMANDS.items():
        subparser = subparsers.add_parser(name, help=summary)
        if name in argv[:1]:
            try:
                command = importlib.import_module(module_name)
            except ImportError as error:
                subparser.exit(
                    1,
                    f'mmpose-light {name} cannot start: {error}\n'
                    '`mmpose-light check-env` says what to fix.\n',
                )
            command.add_arguments(subparser)
            subparser.set_defaults(main=command.main)
    args = parser.parse_args(argv)
    return args.main(args)
