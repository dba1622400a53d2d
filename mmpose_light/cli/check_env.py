"""``mmpose-light check-env``: what is installed, and what to fix."""

import argparse
import warnings

from ..utils.check_env import collect_environment, describe, find_problems


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Describe the command; it takes no arguments."""
    parser.description = (
        'Show the versions of everything that mmpose_light stands on, and what to fix. '
        'The exit code is 1 if something must be fixed.'
    )


def main() -> int:
    """Print the report.

    Returns:
        int: The exit code: 1 if something must be fixed, else 0.
    """
    with warnings.catch_warnings():
        warnings.simplefilter('ignore')  # the stack's own
        env = collect_environment()
    rows = describe(env)
    width = max(len(name) for name, _ in rows)
    for name, value in rows:
        print(f'{name:{width}}  {value}')
    problems = find_problems(env)
    if not problems:
        print('\nNothing to fix.')
        return 0
    print('\nTo fix:')
    for number, problem in enumerate(problems, 1):
        print(f'{number}. {problem.text}\n   {problem.command}')
    print('\nThen run `mmpose-light check-env` again.')
    return 1
