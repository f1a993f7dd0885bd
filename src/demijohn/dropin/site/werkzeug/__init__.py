"""Werkzeug's name. What it stands for is demijohn, which takes over here; see `demijohn drop-in status`."""

__hands_over__ = True

from demijohn.dropin.finder import hand_over

hand_over(__name__)
