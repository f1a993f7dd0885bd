"""What wrk prints is understood."""

import pytest
from bench.load import parse_wrk

PRINTED = """Running 3s test @ http://127.0.0.1:8765/
  1 threads and 64 connections
  Thread Stats   Avg      Stdev     Max   +/- Stdev
    Latency     1.55ms  302.00us   7.34ms   89.10%
    Req/Sec    41.39k     1.97k   44.21k    83.33%
  Latency Distribution
     50%  980.00us
     75%    1.60ms
     90%    1.79ms
     99%    1.02s
  123581 requests in 3.00s, 21.45MB read
{more}Requests/sec:  41185.83
Transfer/sec:      7.15MB
"""


def test_rate_percentiles_and_count():
    load = parse_wrk(PRINTED.format(more=""))
    assert (load.requests_per_second, load.p50_ms, load.p99_ms) == (41185.83, 0.98, 1020.0)
    assert (load.count, load.errors, load.refused) == (123581, 0, 0)


def test_broken_connections_and_refusals_are_errors():
    more = "  Socket errors: connect 1, read 20, write 300, timeout 4000\n  Non-2xx or 3xx responses: 7\n"
    load = parse_wrk(PRINTED.format(more=more))
    assert (load.errors, load.refused) == (4328, 7)


def test_what_is_not_understood_is_shown():
    with pytest.raises(ValueError, match=r"(?s)nothing like .*unable to connect"):
        parse_wrk("unable to connect to 127.0.0.1:8765 Connection refused")
