"""What settings are, for people and programs: a table, JSON, and the reference in Markdown."""

import json
from typing import Any, Final

from .load import Settings
from .setting import Setting
from .table import KEPT, TABLE, TOPICS

_INTRODUCTION: Final = """\
# Settings

<!-- Made by `make settings`, from the table in src/demijohn/manage/settings. Changes belong there. -->

Every setting can be said in each of these places; of two, the first counts:

1. an option of `demijohn run`: `--keep-alive 5`;
2. an environment variable: `DEMIJOHN_KEEP_ALIVE=5`, also as `DEMIJOHN_RUN_...` or `FLASK_RUN_...`; an empty one says nothing;
3. `PORT`, `WEB_CONCURRENCY`, `FORWARDED_ALLOW_IPS`, where the setting says so;
4. the file of `--config` (or `DEMIJOHN_CONFIG`): `settings.toml` with `keep_alive = 5`, or `settings.py`, whose names are
   settings unless they begin with `_`;
5. `pyproject.toml` in the working directory, the table `[tool.demijohn]`;
6. the default.

`app.run()`, `run_simple()` and `make_server()` take every setting but `app` and `mount` as a keyword, and look nowhere else.
Where to listen is said by `bind`, or by `host` and `port`: by what is said in the stronger place.

`demijohn config` shows each value and where it is from, `demijohn check` tries them with the application. A name that is none,
or a value that is not possible, is an error that says where it is; the exit code is 2.

Times are seconds or have a unit: `500ms`, `30s`, `2m`, `1h30m`. Sizes are bytes or have a unit: `64KiB` or `64K`, `10M`, `1G`
(1024 each), `10MB` (1000 each). Lists are lists in files, repeated options, or text with commas between; mappings are tables
in files, repeated options such as `--mount /admin=admin:app`, or text with spaces between. `none` stands for nothing, `auto` for
what suits this machine.
"""


def as_table(settings: Settings) -> str:
    """Return every setting on a line: name, value, where it is from."""
    width = max(len(setting.name) for setting in TABLE)
    lines = []
    for topic in TOPICS:
        lines.append(f"# {topic.TITLE}")
        for setting in topic.SETTINGS:
            value = setting.kind.render(settings[setting.name])
            lines.append(f"{setting.name:<{width}} = {value or '(empty)'}  ({settings.origin(setting.name).where})")
        lines.append("")
    lines += [f"Warning: {warning}" for warning in settings.warnings]
    return "\n".join(lines).rstrip()


def as_json(settings: Settings) -> str:
    """Return an object with an object for every setting: `value`, `text` (as it could be said), `source` and `where`."""
    return json.dumps({setting.name: _entry(setting, settings) for setting in TABLE}, indent=2)


def _entry(setting: Setting, settings: Settings) -> dict[str, Any]:  # Any: what JSON can say
    value, origin = settings[setting.name], settings.origin(setting.name)
    text = setting.kind.render(value)
    return {
        "value": text if callable(value) else value,
        "text": text,
        "source": origin.source.name.lower(),
        "where": origin.where,
    }


def reference() -> str:
    """Return the page about all settings."""
    parts = [_INTRODUCTION]
    for topic in TOPICS:
        parts.append(f"## {topic.TITLE}\n")
        parts += [_section(setting) for setting in topic.SETTINGS]
    return "\n".join(parts)


def _section(setting: Setting) -> str:
    facts = [f"default `{setting.kind.render(setting.default) or '(empty)'}`", setting.kind.allowed]
    if setting.is_on_command_line:
        flags = [f"`{flag}`" for flag in setting.options + tuple(f for f in setting.flags if f not in setting.options)]
        if setting.kind.shape == "flag":
            flags = [f"`{setting.flags[0]}` / `--no-{setting.name.replace('_', '-')}`"]
        facts.append(", ".join(flags))
    variables = (setting.own_variables[0], *setting.variables)
    facts.append(", ".join(f"`{name}`" for name in variables))
    if setting.name in KEPT:
        facts.append("not changed by a reload")
    if setting.aliases:
        facts.append("also called " + ", ".join(f"`{name}`" for name in setting.aliases))
    text = setting.text.replace("\n", " ")
    return f"### `{setting.name}`\n\n{text}\n\n" + "".join(f"* {fact}\n" for fact in facts)
