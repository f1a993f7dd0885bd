"""What `flask.sansio.app` has, from its homes."""

from demijohn.app.appglobals import _AppCtxGlobals
from demijohn.app.blueprint import Blueprint
from demijohn.app.config import Config, ConfigAttribute
from demijohn.app.helpers import get_debug_flag
from demijohn.app.json.provider import DefaultJSONProvider, JSONProvider
from demijohn.app.logging import create_logger
from demijohn.app.scaffold import Scaffold, setupmethod
from demijohn.app.scaffold import endpoint_of as _endpoint_from_view_func
from demijohn.app.setup import AppSetup as App
from demijohn.app.setup import _as_timedelta as _make_timedelta
from demijohn.app.setup import find_package
from demijohn.app.templating import DispatchingJinjaLoader, Environment
