"""Measure networks side by side: latency, memory, the training step."""

import argparse
import sys

from mmpose_light.cli.benchmark import add_arguments, main

if __name__ == '__main__':
    parser = argparse.ArgumentParser()
    add_arguments(parser)
    sys.exit(main(parser.parse_args()))
