"""Flask's name. What it stands for is demijohn, which takes over here; see `demijohn drop-in status`."""

__hands_over__ = True

try:
    from demijohn.dropin.finder import hand_over
except ModuleNotFoundError:
    # A Python without demijohn has PYTHONPATH from a program with the drop-in: what it has itself counts.
    import os
    import sys
    from importlib import import_module

    place = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    if os.path.basename(os.path.dirname(place)) != "dropin":
        raise
    sys.path[:] = [each for each in sys.path if os.path.abspath(each) != place]
    sys.modules.pop(__name__, None)
    import_module(__name__)
else:
    hand_over(__name__)
