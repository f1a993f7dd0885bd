"""Build the environment of the extensions: `python tests/extensions/build.py DIRECTORY`, in an environment that has demijohn."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "compat"))

from build import build  # noqa: E402 - the one of tests/compat

SDISTS = ("flask-login==0.6.3", "flask-sqlalchemy==3.1.1", "flask-wtf==1.2.2", "httpbin==0.10.2")

if __name__ == "__main__":
    build(Path(sys.argv[1]).absolute(), Path(__file__).with_name("requirements.txt"), SDISTS)
