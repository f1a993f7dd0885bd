"""A guestbook of its own for each test, in a temporary folder."""

import importlib
import re
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

HERE = Path(__file__).parent


@pytest.fixture(scope="session")
def guestbook(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ModuleType]:
    """The module. Importing it makes an application, whose data must not land in the real instance folder."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GUESTBOOK_DATA", str(tmp_path_factory.mktemp("imported")))
        patch.syspath_prepend(str(HERE.parent))
        yield importlib.import_module("guestbook")


@pytest.fixture
def app(guestbook: ModuleType, tmp_path: Path) -> Any:
    return guestbook.create_app({"TESTING": True, "DATA_FOLDER": str(tmp_path), "SECRET_KEY": "only for tests"})


@pytest.fixture
def visitor(app: Any) -> "Visitor":
    return Visitor(app)


class Visitor:
    """A browser that fills in the form."""

    def __init__(self, app: Any) -> None:
        self.client = app.test_client()

    def token(self) -> str:
        found = re.search(r'name="csrf_token" value="([^"]+)"', self.client.get("/").text)
        assert found is not None
        return found[1]

    def sign(self, name: str = "Ada", message: str = "Hello.", **fields: Any) -> Any:
        data = {"csrf_token": self.token(), "name": name, "message": message, **fields}
        return self.client.post("/", data=data)
