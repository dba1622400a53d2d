"""Convert published weights of EEffPose into a checkpoint of this project."""

import argparse
import sys

from mmpose_light.checkpoints.eeffpose import Conversion, convert


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('source', help='published file, e.g. model_best.pth')
    parser.add_argument('destination', help='checkpoint to write')
    parser.add_argument(
        '--model',
        help='size and, with parts of EffBase, the order of backbone, neck and head (1 '
        'for the part of EEffPose): p0, p2, p0-000, p0-001, p0-010 … (default: found '
        'out; the tensors tell all but the head, which is told by its trained biases)',
    )
    parser.add_argument(
        '--overwrite', action='store_true', help='replace the checkpoint if it exists'
    )
    return parser.parse_args()


def describe(done: Conversion) -> str:
    """Say what was found, and what to do next."""
    model = done.model
    head = {
        'given': 'as given',
        'trained': 'told by its trained biases',
        'assumed': 'assumed, its biases do not tell; otherwise give --model',
    }[done.head_known]
    lines = [
        f'Source: SHA-256 {done.sha256}',
        f'Found: EEffPose-{model.name.upper()} with {model.num_keypoints} keypoints '
        f'({model.dataset}), {done.num_tensors} tensors',
        f'Head: {"FAHead" if model.order[2] == "1" else "FSHead"}, {head}',
        f'Wrote: {done.destination}',
    ]
    if model.config is None:
        lines.append('Next: write a config, this model is none of the published ones')
    else:
        lines.append(f'Next: python tools/test.py {model.config} {done.destination}')
    return '\n'.join(lines)


def main() -> None:
    """Convert what the command line names."""
    args = parse_args()
    try:
        done = convert(args.source, args.destination, args.model, args.overwrite)
    except (ValueError, OSError) as error:
        sys.exit(f'error: {error}')
    print(describe(done))


if __name__ == '__main__':
    main()
