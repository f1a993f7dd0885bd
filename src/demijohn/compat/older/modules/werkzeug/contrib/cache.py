"""What `werkzeug.contrib.cache` had: cachelib, which it became."""

from demijohn._base.older import warn_older

try:
    from cachelib import (  # type: ignore[import-not-found,unused-ignore]  # an extra
        BaseCache,
        FileSystemCache,
        MemcachedCache,
        NullCache,
        RedisCache,
        SimpleCache,
        UWSGICache,
    )
except ImportError as error:
    raise ImportError(
        "werkzeug.contrib.cache is the package cachelib today: pip install cachelib, or demijohn[cache].",
        name="werkzeug.contrib.cache",
    ) from error

GAEMemcachedCache = MemcachedCache

warn_older("'werkzeug.contrib.cache' was removed in Werkzeug 1.0. Use 'cachelib'.")
