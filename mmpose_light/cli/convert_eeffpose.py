"""``mmpose-light convert-eeffpose``: published weights become a checkpoint."""

import argparse
from pathlib import Path

HEADS = {
    'given': 'as given',
    'trained': 'told by its trained biases',
    'assumed': 'assumed, its biases do not tell; otherwise give --model',
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.description = (
        'Convert published weights of EEffPose into a checkpoint of this project.'
    )
    parser.add_argument('source', help='published file, e.g. model_best.pth')
    parser.add_argument('--out', required=True, help='checkpoint to write')
    parser.add_argument(
        '--model',
        help='size and, with parts of EffBase, the order of backbone, neck and head (1 '
        'for the part of EEffPose): p0, p2, p0-000, p0-001, p0-010 … (default: found '
        'out; the tensors tell all but the head, which is told by its trained biases)',
    )
    parser.add_argument(
        '--overwrite', action='store_true', help='replace a file that is there already'
    )


def main(**options: object) -> None:
    """Convert the file, and say what was found and what to do next."""
    from ..checkpoints.eeffpose import convert

    done = convert(**options)
    model = done.model
    print(
        f'Source: SHA-256 {done.sha256}\n'
        f'Found: EEffPose-{model.name.upper()} with {model.num_keypoints} keypoints '
        f'({model.dataset}), {done.num_tensors} tensors\n'
        f'Head: {"FAHead" if model.order[2] == "1" else "FSHead"}, '
        f'{HEADS[done.head_known]}\n'
        f'Wrote: {done.out}'
    )
    if model.config is None:
        print('Next: write a config, this model is none of the published ones')
    else:
        name = Path(model.config).stem
        print(f'Next: mmpose-light infer {name} IMAGE --weights {done.out}')
