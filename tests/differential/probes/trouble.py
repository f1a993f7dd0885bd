"""Probes that bring their worker into trouble, for the tests of the worker itself."""

import os
import time


def leave(lib):
    """End the process."""
    os._exit(3)


def hang(lib):
    """Do not answer in time."""
    time.sleep(600)


def print_much(lib):
    """Write where the answers go."""
    print("not an answer")
    os.write(1, b"nor this\n")
    return "answer"
