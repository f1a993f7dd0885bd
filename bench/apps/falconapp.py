"""Falcon, on WSGI. It has no sessions."""

import time

import content
import falcon
from jinja2 import Environment, FileSystemLoader

templates = Environment(loader=FileSystemLoader(content.TEMPLATES), autoescape=True)
page = templates.get_template("page.html")


class Hello:
    """Plain text."""

    def on_get(self, request: falcon.Request, response: falcon.Response) -> None:
        """Answer."""
        response.content_type = content.HTML
        response.text = "Hello, World!"


class Answer:
    """A converter, a query argument, JSON."""

    def on_get(self, request: falcon.Request, response: falcon.Response, number: int) -> None:
        """Answer."""
        response.media = {"number": number, "q": request.get_param("q")}


class Page:
    """A template."""

    def on_get(self, request: falcon.Request, response: falcon.Response) -> None:
        """Answer."""
        response.content_type = content.HTML
        response.text = page.render(title="Guestbook", rows=content.ROWS)


class Form:
    """A field of a form."""

    def on_post(self, request: falcon.Request, response: falcon.Response) -> None:
        """Answer."""
        response.content_type = content.HTML
        response.text = request.get_media()["a"]


class Upload:
    """A body."""

    def on_post(self, request: falcon.Request, response: falcon.Response) -> None:
        """Answer."""
        response.content_type = content.HTML
        response.text = str(len(request.bounded_stream.read()))


class Stream:
    """A generator."""

    def on_get(self, request: falcon.Request, response: falcon.Response) -> None:
        """Answer."""
        response.content_type = content.HTML
        response.stream = content.chunks()


class Sleep:
    """Wait for something."""

    def on_get(self, request: falcon.Request, response: falcon.Response) -> None:
        """Answer."""
        time.sleep(content.SLEEP)
        response.content_type = content.HTML
        response.text = "slept"


class Mixed:
    """One of fifty waits."""

    def on_get(self, request: falcon.Request, response: falcon.Response, number: int) -> None:
        """Answer."""
        response.content_type = content.HTML
        if content.is_slow(number):
            time.sleep(content.SLOW)
            response.text = "slow"
        else:
            response.text = "fast"


app = falcon.App()
app.add_route("/", Hello())
app.add_route("/json/{number:int}", Answer())
app.add_route("/page", Page())
app.add_route("/form", Form())
app.add_route("/upload", Upload())
app.add_route("/stream", Stream())
app.add_route("/sleep", Sleep())
app.add_route("/mixed/{number:int}", Mixed())
app.add_static_route("/static", content.FILES)
