"""`announce`: what is said when a server is up: where it is, how it runs requests, and what others have to say."""

import logging
from collections.abc import Iterable, Iterator

from .appserver import AppServer
from .listening import spell_out

logger = logging.getLogger("demijohn.manage")


def announce(server: AppServer, facts: Iterable[str] = ()) -> None:
    """Say where the server is and how it runs requests; `facts` are further lines, of the debugger and the reloader."""
    for line in startup_lines(server, facts):
        logger.info(" * %s", line)
    logger.info("Press CTRL+C to quit", extra={"style": "yellow"})


def startup_lines(server: AppServer, facts: Iterable[str] = ()) -> Iterator[str]:
    """Return the lines of `announce`, but for the last."""
    for url, address in zip(server.urls, server.addresses, strict=False):  # addresses has the redirects, too
        for spelt_out in spell_out(url, address):
            yield f"Running on {spelt_out}"
    for url in server.ops_urls:
        yield f"Operators are told at {url}/livez, /readyz, /metrics"
    for url in server.redirect_urls:
        yield f"Redirecting {url} to HTTPS"
    yield server.mode
    yield from facts
