import pytest
from differential.comparing import Comparison
from differential.original import Original


@pytest.fixture(scope="session")
def agree():
    """Compare both sides: `agree("file.probe", arguments...)`, `agree.all("file.probe", [arguments, ...])`."""
    original = Original()
    try:
        yield Comparison(original)
    finally:
        original.close()
