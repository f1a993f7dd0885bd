"""Files of one noun, functions that fit a screen."""

import ast
from pathlib import Path

import demijohn

ROOT = Path(demijohn.__file__).parent
MAX_FILE_LINES = 420
MAX_FUNCTION_LINES = 60  # with its docstring


def test_files_are_short():
    too_long = {
        str(path.relative_to(ROOT)): count
        for path in ROOT.rglob("*.py")
        if (count := len(path.read_text().splitlines())) > MAX_FILE_LINES
    }
    assert not too_long


def test_functions_are_short():
    too_long = []
    for path in ROOT.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.end_lineno is not None:
                docstring = ast.get_docstring(node)
                lines = node.end_lineno - node.lineno + 1 - (len(docstring.splitlines()) if docstring else 0)
                if lines > MAX_FUNCTION_LINES:
                    too_long.append(f"{path.relative_to(ROOT)}:{node.lineno} {node.name} has {lines} lines")
    assert not too_long, "\n".join(too_long)


def test_files_say_what_lives_in_them():
    silent = [
        str(path.relative_to(ROOT)) for path in ROOT.rglob("*.py") if not ast.get_docstring(ast.parse(path.read_text()))
    ]
    assert not silent
