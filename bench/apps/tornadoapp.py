"""Tornado, with its own server. Its signed cookies take the place of sessions."""

import asyncio
import os
import sys

import content
from tornado.httpserver import HTTPServer
from tornado.web import Application, RequestHandler, StaticFileHandler


class Hello(RequestHandler):
    """Plain text."""

    def get(self) -> None:
        """Answer."""
        self.write("Hello, World!")


class Answer(RequestHandler):
    """A converter, a query argument, JSON."""

    def get(self, number: str) -> None:
        """Answer."""
        self.write({"number": int(number), "q": self.get_query_argument("q", None)})


class Count(RequestHandler):
    """Read and write a signed cookie."""

    def get(self) -> None:
        """Answer."""
        count = int(self.get_signed_cookie("count") or 0) + 1
        self.set_signed_cookie("count", str(count))
        self.write(str(count))


class Form(RequestHandler):
    """A field of a form."""

    def post(self) -> None:
        """Answer."""
        self.write(self.get_body_argument("a"))


class Upload(RequestHandler):
    """A body."""

    def post(self) -> None:
        """Answer."""
        self.write(str(len(self.request.body)))


class Stream(RequestHandler):
    """A generator."""

    async def get(self) -> None:
        """Answer."""
        for chunk in content.chunks():
            self.write(chunk)
            await self.flush()


class Sleep(RequestHandler):
    """Wait for something."""

    async def get(self) -> None:
        """Answer."""
        await asyncio.sleep(content.SLEEP)
        self.write("slept")


class Mixed(RequestHandler):
    """One of fifty waits."""

    async def get(self, number: str) -> None:
        """Answer."""
        if content.is_slow(int(number)):
            await asyncio.sleep(content.SLOW)
            self.write("slow")
        else:
            self.write("fast")


def make() -> Application:
    """The application. Its templates are its own, not Jinja2's: there is no page."""
    return Application(
        [
            ("/", Hello),
            (r"/json/(\d+)", Answer),
            ("/session", Count),
            ("/form", Form),
            ("/upload", Upload),
            ("/stream", Stream),
            ("/sleep", Sleep),
            (r"/mixed/(\d+)", Mixed),
            (r"/static/(.*)", StaticFileHandler, {"path": content.FILES}),
        ],
        cookie_secret=content.SECRET,
    )


async def main() -> None:
    """Serve at a port, with TLS if BENCH_CERTIFICATE names a certificate and a key."""
    certificate = os.environ.get("BENCH_CERTIFICATE")
    tls = None
    if certificate:
        chain, key = certificate.split(os.pathsep)
        tls = {"certfile": chain, "keyfile": key}
    HTTPServer(make(), ssl_options=tls).listen(int(sys.argv[1]), "127.0.0.1")
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main())
