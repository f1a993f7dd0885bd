"""Everything that can be set about a server has a setting, and the page about settings says what there is."""

import dataclasses
from pathlib import Path

import pytest

from demijohn.manage.settings.show import reference
from demijohn.manage.settings.table import INTERNAL, TABLE

PAGE = Path(__file__).parents[2] / "docs" / "settings.md"


@pytest.mark.parametrize("owner", INTERNAL)
def test_every_field_has_a_setting_or_is_internal(owner):
    fields = {each.name for each in dataclasses.fields(owner)} - INTERNAL[owner]
    settings = {each.field for each in TABLE if each.owner is owner}
    assert settings == fields, "see 'A new field' in src/demijohn/manage/settings/README.md"


def test_the_page_is_current():
    assert PAGE.read_text() == reference(), "run `make settings`"
