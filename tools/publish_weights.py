"""Write the weights of a checkpoint alone, in half precision, to pass them on."""

import argparse
import sys

from mmpose_light.checkpoints.publishing import publish_weights


def main() -> None:
    """Publish what the command line names."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('source', help='checkpoint of a training')
    parser.add_argument(
        'destination',
        help='file to write, NAME.pth; it becomes NAME-XXXXXXXX.pth, with the first '
        'digits of its SHA-256',
    )
    args = parser.parse_args()
    try:
        done = publish_weights(args.source, args.destination)
    except (ValueError, OSError) as error:
        sys.exit(f'error: {error}')
    print(f'Wrote: {done.file}, {done.tensors} tensors, {done.size / 1e6:.1f} MB')
    print(f'SHA-256: {done.sha256}')


if __name__ == '__main__':
    main()
