"""A reload and each setting there is: it is applied to the workers that are made then, or it is said that it is not."""

import logging
import os
from pathlib import Path

import pytest
from engines import certs

from demijohn.manage.appspec import AppSpec
from demijohn.manage.serving import _renew
from demijohn.manage.settings.load import settings_of_call
from demijohn.manage.settings.setting import Setting
from demijohn.manage.settings.table import KEPT, TABLE
from demijohn.serve.certificates import Certificates

SERVER = certs.server_files()
BOTH = Path(SERVER.certfile).with_name("both.pem")
BOTH.write_bytes(Path(SERVER.certfile).read_bytes() + Path(SERVER.keyfile).read_bytes())

BESIDE = {
    "access_log_fields": {"access_log_format": "json"},
    "trust_request_id": {"request_id_header": "X-Request-Id"},
    "keyfile": {"certfile": str(BOTH)},
    "sni": {"certfile": SERVER.certfile, "keyfile": SERVER.keyfile},
    "ca_certs": {"certfile": SERVER.certfile, "keyfile": SERVER.keyfile},
    "client_certs": {"certfile": SERVER.certfile, "keyfile": SERVER.keyfile, "ca_certs": SERVER.certfile},
    "tls_minimum_version": {"certfile": SERVER.certfile, "keyfile": SERVER.keyfile},
    "tls_ciphers": {"certfile": SERVER.certfile, "keyfile": SERVER.keyfile},
    "tls_reload_interval": {"certfile": SERVER.certfile, "keyfile": SERVER.keyfile},
}
"""Settings that do something only with others."""

VALUES = {
    "certfile": "adhoc",
    "keyfile": SERVER.keyfile,
    "sni": {"x.example": [SERVER.certfile, SERVER.keyfile]},
    "ca_certs": SERVER.certfile,
    "tls_ciphers": "ECDHE+AESGCM",
    "access_log_file": os.devnull,
    "error_log_file": os.devnull,
    "access_log_format": "common",
    "access_log_fields": {"who": "user"},
    "access_log_skip": ["/healthz"],
    "trusted_peers": ["10.0.0.0/8"],
    "tls_minimum_version": "TLSv1.3",
    "limit_chunk_line": 4097,
}

CANDIDATES = [True, False, 7, 4096, 0.5, "x", "/x", ["/x"], {"/x": "x"}, ["x=y"]]


@pytest.fixture(autouse=True)
def levels():
    loggers = [logging.getLogger(name) for name in ("demijohn", "demijohn.access")]
    before = [logger.level for logger in loggers]
    yield
    for logger, level in zip(loggers, before, strict=True):
        logger.setLevel(level)


def another(setting: Setting):
    """Return a value that is not the default, as it may be said."""
    choices = (
        [word for word in setting.kind.metavar.split("|") if word.islower()] if "|" in setting.kind.metavar else []
    )
    candidates = [VALUES[setting.name]] if setting.name in VALUES else [*choices, *CANDIDATES]
    for candidate in candidates:
        try:
            if setting.kind.parse(candidate) not in (setting.default, "auto"):
                return candidate
        except (ValueError, TypeError, IndexError, AttributeError):
            continue
    raise AssertionError(f"no value for {setting.name}")


def spec_of(settings) -> AppSpec:
    return AppSpec(lambda: (settings.values["app"], settings.values["mount"]), spec_of)


def what_comes(before, after):
    """Return all that a reload leads to."""
    found = _renew(lambda: after, before, None, spec_of(before), is_debug=False)
    certificates = found.certificates
    return (
        found.options,
        found.processes,
        (found.supervision.patience, found.supervision.preload, found.supervision.warmup),
        certificates._options if isinstance(certificates, Certificates) else type(certificates),
        found.application.load(),
        logging.getLogger("demijohn").level,
    )


def of(values):
    """Settings as a command would have them: a call cannot say all."""
    keywords = {name: value for name, value in values.items() if name not in ("app", "mount")}
    settings = settings_of_call(keywords, "run")
    return type(settings)(
        {**settings.values, **{k: v for k, v in values.items() if k not in keywords}}, settings.origins
    )


@pytest.mark.parametrize("setting", TABLE, ids=lambda setting: setting.name)
def test_each_setting_is_applied_or_it_is_said_that_it_is_not(setting, caplog):
    beside = BESIDE.get(setting.name, {})
    before, after = of(beside), of({**beside, setting.name: another(setting)})
    assert before[setting.name] != after[setting.name]
    as_it_was = what_comes(before, before)
    assert "does not change" not in caplog.text
    is_applied = what_comes(before, after) != as_it_was
    is_said = f"A reload does not change {setting.name};" in caplog.text
    if setting.name == "certfile":
        assert is_said, "TLS or none is a matter of the listener"
    else:
        assert (is_applied, is_said) == (setting.name not in KEPT, setting.name in KEPT)


def test_what_is_kept_is_as_it_was():
    before, after = of({"reload_on_change": True}), of({})
    assert _renew(lambda: after, before, None, spec_of(before), is_debug=False).supervision.files is not None
