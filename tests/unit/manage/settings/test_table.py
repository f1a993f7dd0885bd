"""The table: everything that can be set about a server is in it, once; its page is what it says."""

import dataclasses
from pathlib import Path

import pytest

from demijohn.manage.settings.setting import default_of
from demijohn.manage.settings.show import reference
from demijohn.manage.settings.table import BY_NAME, ELSEWHERE, INTERNAL, TABLE, explain_unknown, find

PAGE = Path(__file__).parents[4] / "docs" / "settings.md"

WORKED_OUT = {"runner", "access_log"}  # `auto` here, and worked out for the server


@pytest.mark.parametrize("owner", INTERNAL)
def test_every_field_has_a_setting_or_is_internal(owner):
    fields = {each.name for each in dataclasses.fields(owner)}
    settings = [each.field for each in TABLE if each.owner is owner]
    assert sorted(settings) == sorted(fields - INTERNAL[owner]), f"see manage/settings/README.md about {owner.__name__}"
    assert fields >= INTERNAL[owner]


def test_defaults_are_those_of_the_fields():
    for setting in TABLE:
        if setting.owner is not None and setting.name not in WORKED_OUT:
            assert setting.default == default_of(setting.owner, setting.field)


def test_names_options_and_variables_are_one_setting_s_only():
    for words in (
        [name for each in TABLE for name in each.names],
        [flag for each in TABLE for flag in each.flags],
        [name for each in TABLE for name in (*each.own_variables, *each.variables)],
    ):
        assert sorted(words) == sorted(set(words))
    assert len(BY_NAME) == sum(len(each.names) for each in TABLE)
    assert not set(BY_NAME) & set(ELSEWHERE)


def test_every_setting_says_what_it_does():
    for setting in TABLE:
        assert setting.text.endswith("."), setting.name
        assert setting.summary, setting.name
        assert not setting.text.startswith(setting.name)


def test_names_are_found_and_guessed():
    assert find("keep-alive") is find("keep_alive") is find("keepalive")
    assert find("nope") is None
    assert explain_unknown("wokers") == " Did you mean workers?"
    assert "request_timeout" in explain_unknown("timeout")
    assert explain_unknown("xyzzy") == ""


def test_the_page_is_current():
    assert PAGE.read_text() == reference(), "run `make settings`"
