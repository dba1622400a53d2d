"""Estimate poses in pictures and videos."""

import argparse
import sys

from mmpose_light.apis.infer import add_arguments, main

if __name__ == '__main__':
    parser = argparse.ArgumentParser()
    add_arguments(parser)
    sys.exit(main(parser.parse_args()))
