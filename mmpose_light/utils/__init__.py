"""Helpers that import nothing else of ours.

:mod:`.check_env` needs no working MMPose: importing it does not import the stack.
"""
