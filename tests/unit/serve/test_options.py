"""Options refuse what could not work, by name."""

import pytest

from demijohn.serve import ServerOptions


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"runner": "fast"}, "runner is 'fast'"),
        ({"threads": 0}, "threads is 0"),
        ({"promote_after_ms": 0}, "promote_after_ms is 0"),
        ({"hand_over_after_ms": -1}, "hand_over_after_ms is -1"),
        ({"max_connections": 0}, "max_connections is 0"),
        ({"keep_alive": -1}, "keep_alive is -1"),
        ({"forwarded": "x-forwarded-for"}, "forwarded is 'x-forwarded-for'"),
        ({"proxy_protocol": True}, "proxy_protocol is True"),
        ({"trusted_peers": ("10.0.0.0/8", "localhost")}, "trusted_peers has 'localhost'"),
        ({"drain_timeout": -0.5}, "drain_timeout is -0.5"),
        ({"drain_delay": -1}, "drain_delay is -1"),
        ({"drain_idle_grace": float("nan")}, "drain_idle_grace is nan"),
    ],
)
def test_a_wrong_value_is_named(settings, message):
    with pytest.raises(ValueError, match=message):
        ServerOptions(**settings)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"min_receive_rate": -1}, "min_receive_rate is -1"),
        ({"min_send_rate": -1}, "min_send_rate is -1"),
        ({"body_timeout": float("nan")}, "body_timeout is nan"),
        ({"max_requests_per_connection": 0}, "max_requests_per_connection is 0"),
    ],
)
def test_a_wrong_limit_is_named(settings, message):
    with pytest.raises(ValueError, match=message):
        ServerOptions(**settings)


@pytest.mark.parametrize("name", ["max_queued_requests", "max_connections_per_client", "max_requests_per_connection"])
def test_a_limit_may_be_none(name):
    assert getattr(ServerOptions(**{name: None}), name) is None
    with pytest.raises(ValueError, match=f"{name} is 0; it must be at least 1, or None"):
        ServerOptions(**{name: 0})
