"""Draw a model's heatmaps, scale by scale and joined, over a photograph."""

import argparse
import sys

from mmpose_light.visualization.heatmap_pictures import add_arguments, main

if __name__ == '__main__':
    parser = argparse.ArgumentParser()
    add_arguments(parser)
    sys.exit(main(parser.parse_args()))
