"""Context-local values and proxies to them: what each thread, asyncio task and greenlet has for itself."""

from .proxy import LocalProxy
from .storage import Local, LocalManager, LocalStack, release_local

__all__ = ["Local", "LocalManager", "LocalProxy", "LocalStack", "release_local"]
