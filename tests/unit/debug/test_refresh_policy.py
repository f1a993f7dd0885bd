import pytest

from demijohn.debug.refresh.policy import nonce_for

ORIGIN = "http://localhost:5000"


@pytest.mark.parametrize(
    "policy",
    [
        "",
        "img-src 'none'",
        "default-src 'self'",
        "DEFAULT-SRC 'SELF'",
        "default-src *",
        "default-src http:",
        "default-src localhost:5000",
        "default-src http://localhost:5000/",
        "default-src 'none'; script-src 'self'; connect-src 'self'",
        "script-src 'none'; script-src-elem 'self'",
        "sandbox allow-scripts allow-same-origin",
        "script-src 'self' 'nonce-abc'",
    ],
)
def test_a_policy_that_lets_the_script_run(policy):
    assert nonce_for([policy], ORIGIN) == ""


@pytest.mark.parametrize(
    "policy",
    [
        "default-src 'none'",
        "script-src 'none'",
        "script-src 'self'; connect-src 'none'",
        "script-src 'self' 'strict-dynamic'",
        "script-src 'unsafe-inline'",
        "script-src https:",
        "script-src localhost:5001",
        "script-src 'nonce-a\"b'",
        "script-src 'nonce-'",
        "default-src 'nonce-abc'",  # lets it run, but not ask
        "sandbox allow-scripts",
        "sandbox",
        "script-src",
    ],
)
def test_a_policy_that_does_not(policy):
    assert nonce_for([policy], ORIGIN) is None


def test_a_nonce_is_used_where_it_is_needed():
    assert nonce_for(["script-src 'nonce-R4nd+/_-0m=='; connect-src 'self'"], ORIGIN) == "R4nd+/_-0m=="
    assert nonce_for(["script-src 'strict-dynamic' 'self' 'nonce-abc'"], ORIGIN) == "abc"


def test_all_policies_must_agree():
    assert nonce_for(["script-src 'self'", "script-src 'nonce-abc'"], ORIGIN) == "abc"
    assert nonce_for(["script-src 'nonce-abc', script-src 'nonce-abc' 'nonce-xyz'"], ORIGIN) == "abc"
    assert nonce_for(["script-src 'nonce-abc'", "script-src 'nonce-xyz'"], ORIGIN) is None
    assert nonce_for(["script-src 'self'", "script-src 'none'"], ORIGIN) is None
    assert nonce_for([], ORIGIN) == ""


def test_a_page_over_tls_may_use_what_is_named_without():
    assert nonce_for(["script-src http:; connect-src http:"], "https://localhost") == ""
