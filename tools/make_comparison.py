"""Write the tables of published networks again: docs/comparison.md and its picture."""

import argparse
import sys
import warnings

from mmengine.logging import MMLogger
from rich.progress import Progress

from mmpose_light.benchmark.comparison_page import make_comparison


def main() -> None:
    """Write what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        '--docs',
        default='docs',
        help='folder with comparison.yml, for the rest, too (default: docs)',
    )
    parser.add_argument(
        '--no-count',
        dest='count',
        action='store_false',
        help='take parameters and MACs from comparison.json instead of counting them '
        'again, which takes minutes',
    )
    args = parser.parse_args()
    MMLogger.get_current_instance().setLevel('ERROR')
    try:
        with warnings.catch_warnings(), Progress() as progress:
            warnings.simplefilter('ignore')  # the host's
            files = make_comparison(args.docs, count=args.count, progress=progress)
    except (ValueError, OSError) as error:
        sys.exit(f'error: {error}')
    print('\n'.join(map(str, files)))


if __name__ == '__main__':
    main()
