"""What `werkzeug.contrib.fixers` had."""

from demijohn._base.older import warn_older
from demijohn.compat.older.fixers import (
    CGIRootFix,
    HeaderRewriterFix,
    InternetExplorerFix,
    LighttpdCGIRootFix,
    PathInfoFromRequestUriFix,
    ProxyFix,
)

warn_older("'werkzeug.contrib.fixers' was removed in Werkzeug 1.0. Use 'werkzeug.middleware.proxy_fix.ProxyFix'.")
