"""The table of all settings: names, defaults, texts. That it is complete: tests/architecture/test_settings.py."""

from demijohn.manage.settings.fieldtexts import field_text
from demijohn.manage.settings.setting import default_of
from demijohn.manage.settings.table import BY_NAME, ELSEWHERE, TABLE, explain_unknown, find
from demijohn.serve import ServerOptions

WORKED_OUT = {"runner", "access_log"}  # `auto` here, and worked out for the server


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


def test_a_class_without_its_source_has_no_texts():
    names = {}
    exec("import dataclasses\n@dataclasses.dataclass\nclass Made:\n    x: int = 1\n    'Text.'\n", names)
    assert field_text(names["Made"], "x") == ""
    assert field_text(ServerOptions, "keep_alive").startswith("How long")


def test_names_are_found_and_guessed():
    assert find("keep-alive") is find("keep_alive") is find("keepalive")
    assert find("nope") is None
    assert explain_unknown("wokers") == " Did you mean workers?"
    assert "request_timeout" in explain_unknown("timeout")
    assert explain_unknown("xyzzy") == ""
