"""socketify, with its own server. It has no sessions and no files that this could be asked for."""

import asyncio
import json
import sys
from typing import Any
from urllib.parse import parse_qs

import content
from jinja2 import Environment, FileSystemLoader
from socketify import App

templates = Environment(loader=FileSystemLoader(content.TEMPLATES), autoescape=True)
template = templates.get_template("page.html")


def end(response: Any, text: str) -> None:  # Any: socketify has no types to name
    """Answer with HTML."""
    response.write_header("Content-Type", content.HTML)
    response.end(text)


def hello(response: Any, request: Any) -> None:
    """Plain text."""
    end(response, "Hello, World!")


def answer(response: Any, request: Any) -> None:
    """A path parameter, a query argument, JSON."""
    response.write_header("Content-Type", "application/json")
    response.end(json.dumps({"number": int(request.get_parameter(0)), "q": request.get_query("q")}))


def page(response: Any, request: Any) -> None:
    """A template."""
    end(response, template.render(title="Guestbook", rows=content.ROWS))


async def form(response: Any, request: Any) -> None:
    """A field of a form."""
    body = await response.get_data()
    end(response, parse_qs(body.getvalue().decode())["a"][0])


async def upload(response: Any, request: Any) -> None:
    """A body."""
    body = await response.get_data()
    end(response, str(len(body.getvalue())))


async def sleep(response: Any, request: Any) -> None:
    """Wait for something."""
    await asyncio.sleep(content.SLEEP)
    end(response, "slept")


async def mixed(response: Any, request: Any) -> None:
    """One of fifty waits."""
    if content.is_slow(int(request.get_parameter(0))):
        await asyncio.sleep(content.SLOW)
        end(response, "slow")
    else:
        end(response, "fast")


if __name__ == "__main__":
    app = App()
    app.get("/", hello)
    app.get("/json/:number", answer)
    app.get("/page", page)
    app.post("/form", form)
    app.post("/upload", upload)
    app.get("/sleep", sleep)
    app.get("/mixed/:number", mixed)
    app.listen({"port": int(sys.argv[1]), "host": "127.0.0.1"}, print)
    app.run()
