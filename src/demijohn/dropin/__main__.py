"""`python -m demijohn.dropin SCRIPT`, or `-m MODULE`: a program on the drop-in."""

import sys

from .program import run_program

if __name__ == "__main__":
    run_program(sys.argv[1:])
