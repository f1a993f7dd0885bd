"""What `werkzeug._reloader` has, from its homes."""

import sys

from demijohn.compat.werkzeug._internal import _log
from demijohn.manage.reloader.start import run_with_reloader
from demijohn.manage.reloaderloops import (
    ReloaderLoop,
    StatReloaderLoop,
    WatchdogReloaderLoop,
    ensure_echo_on,
    reloader_loops,
)
from demijohn.manage.reloaderloops import args_for_reloading as _get_args_for_reloading
from demijohn.manage.reloaderloops import find_stat_paths as _find_stat_paths
from demijohn.manage.reloaderloops import find_watchdog_paths as _find_watchdog_paths

_stat_ignore_scan = (sys.base_prefix, sys.prefix)
"""Nothing below these is the project's; `demijohn.manage.watching` decides that by itself."""
