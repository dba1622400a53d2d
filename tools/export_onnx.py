"""Export a model to an ONNX file that is checked and says how to run it."""

import argparse
import sys

from mmpose_light.apis.export import add_arguments, main

if __name__ == '__main__':
    parser = argparse.ArgumentParser()
    add_arguments(parser)
    sys.exit(main(parser.parse_args()))
