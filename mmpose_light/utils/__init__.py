"""Helpers that need no working MMPose: nothing here imports the stack at import time."""
