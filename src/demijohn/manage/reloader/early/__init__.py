"""What the interpreter of a child imports before the program: `sitecustomize.py`, found by its name."""
