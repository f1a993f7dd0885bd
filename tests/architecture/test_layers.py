"""The layer table of the design, held: imports go downwards or sideways inside one package, and nowhere in circles.

Lazy imports and imports for type checkers count: a circle that is hidden is still one.
"""

import ast
from pathlib import Path

import demijohn

ROOT = Path(demijohn.__file__).parent
PACKAGE = "demijohn"

# room -> the rooms it may import, beside itself
MAY_IMPORT = {
    "_base": set(),
    "seam": {"_base"},
    "http": {"_base"},
    "local": {"_base"},
    "metrics": {"_base"},
    "message": {"http", "seam", "_base"},
    "wire": {"seam", "_base"},
    "routing": {"message", "http", "_base"},
    "doors": {"message", "http", "seam", "_base"},
    "serve": {"wire", "seam", "_base"},
    "app": {"routing", "doors", "message", "http", "local", "seam", "_base"},
    "middleware": {"app", "routing", "doors", "message", "http", "local", "seam", "serve", "_base"},
    "sessions": {"app", "http", "_base"},
    "debug": {"app", "routing", "doors", "message", "http", "local", "seam", "_base"},
    "testing": {"app", "routing", "doors", "message", "http", "local", "seam", "serve", "_base"},
    "manage": {
        "app",
        "routing",
        "doors",
        "message",
        "http",
        "local",
        "seam",
        "serve",
        "wire",
        "middleware",
        "metrics",
        "debug",
        "_base",
        "dropin",
    },
    # How `import flask` and `import werkzeug` reach this package: names from anywhere, and what finds them.
    "compat": {
        "app",
        "routing",
        "doors",
        "message",
        "http",
        "local",
        "seam",
        "middleware",
        "testing",
        "manage",
        "sessions",
        "dropin",
        "",
        "_base",
        "debug",
        "serving",
    },
    "dropin": {"_base"},
    # The package's own face, and its `python -m` entry.
    "": {"app", "routing", "doors", "message", "http", "local", "seam", "_base"},
    "__main__": {"manage"},
    "serving": {"manage"},
}
# The one file that may import upwards, lazily, for App.run, App.test_client and the like.
UPWARD = {"app/upward.py": {"manage", "testing"}}

# Dependencies that one file each imports. (click and Jinja2 have several: their classes are bases of public ones of ours.)
BEHIND_ONE_FILE = {
    "blinker",
    "cryptography",
    "dotenv",
    "itsdangerous",
    "multipart",
    "rich",
    "prometheus_client",
    "redis",
    "watchdog",
    "watchfiles",
}


def module_of(path: Path) -> str:
    parts = path.relative_to(ROOT.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


FILES = {module_of(path): path for path in sorted(ROOT.rglob("*.py"))}


def room_of(module: str) -> str:
    parts = module.split(".")
    return parts[1] if len(parts) > 1 else ""


def imported_modules(module: str, path: Path) -> set[str]:
    """Our own modules that a file imports, anywhere in it."""
    package = module if path.name == "__init__.py" else module.rpartition(".")[0]
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names if alias.name.split(".")[0] == PACKAGE}
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                anchor = package.split(".")[: len(package.split(".")) - node.level + 1]
                base = ".".join([*anchor, *([node.module] if node.module else [])])
            if base.split(".")[0] == PACKAGE:
                for alias in node.names:
                    submodule = f"{base}.{alias.name}"
                    found.add(submodule if submodule in FILES else base)
    return {name for name in found if name in FILES}


IMPORTS = {module: imported_modules(module, path) for module, path in FILES.items()}


def test_every_room_is_in_the_table():
    assert {room_of(module) for module in FILES} <= set(MAY_IMPORT)


def test_imports_go_downwards():
    wrong = []
    for module, targets in IMPORTS.items():
        room = room_of(module)
        relative = str(FILES[module].relative_to(ROOT))
        allowed = MAY_IMPORT[room] | {room} | UPWARD.get(relative, set())
        wrong += [f"{relative} imports {target}" for target in sorted(targets) if room_of(target) not in allowed]
    assert not wrong, "\n".join(wrong)


def test_there_are_no_circles():
    upward = {module_of(ROOT / name) for name in UPWARD}
    graph = {module: targets - {module} for module, targets in IMPORTS.items() if module not in upward}
    # A package's __init__ gathers its files; importing a sibling is not importing the gathering.
    circles = []
    state: dict[str, int] = {}

    def visit(module: str, trail: list[str]) -> None:
        state[module] = 1
        for target in sorted(graph.get(module, ())):
            if state.get(target) == 1:
                circles.append(" -> ".join([*trail[trail.index(target) :], target]))
            elif target not in state:
                visit(target, [*trail, target])
        state[module] = 2

    for module in sorted(graph):
        if module not in state:
            visit(module, [module])
    assert not circles, "\n".join(circles)


def test_only_one_file_imports_each_dependency():
    """A dependency stays behind one file (or one package of ours), so that it can be replaced."""
    users: dict[str, set[str]] = {}
    for module, path in FILES.items():
        for node in ast.walk(ast.parse(path.read_text())):
            names = []
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom) and not node.level:
                names = [node.module or ""]
            for name in names:
                top = name.split(".")[0]
                if top in BEHIND_ONE_FILE:
                    users.setdefault(top, set()).add(module)
    assert users.keys() == BEHIND_ONE_FILE
    assert {name: len(modules) for name, modules in users.items()} == dict.fromkeys(users, 1), users


def test_the_walk_sees_what_it_should():
    """The rules above hold nothing if the walk finds nothing."""
    assert "demijohn.serve.link" in FILES
    assert "demijohn.seam.body" in IMPORTS["demijohn.seam.exchange"]
    assert len(FILES) > 40
