"""`python -m demijohn`: the `demijohn` command."""

from .manage.cli import main

if __name__ == "__main__":
    main(prog_name="python -m demijohn")
