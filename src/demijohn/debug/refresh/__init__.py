"""Browser refresh: pages load themselves anew when code, templates or static files have changed. For development only.

`refreshing(handler, feed)` is the way in. `handler.py` puts a script into pages (`injecting.py`; `policy.py`: what a page's
Content-Security-Policy says to that) and answers what the script asks (`tabs.py`); `access.py` says who may ask.
"""

from .handler import refreshing

__all__ = ["refreshing"]
