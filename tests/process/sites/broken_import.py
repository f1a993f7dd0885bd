"""An application that cannot be imported."""

import json

SETTINGS = json.loads("{not json")
