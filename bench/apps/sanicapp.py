"""Sanic, with its own server. It has no sessions."""

import asyncio
import os
import sys

import content
from jinja2 import Environment, FileSystemLoader
from sanic import Request, Sanic
from sanic.response import HTTPResponse, html, json

app = Sanic("bench")
app.static("/static", content.FILES)
templates = Environment(loader=FileSystemLoader(content.TEMPLATES), autoescape=True)
template = templates.get_template("page.html")


@app.get("/")
async def hello(request: Request) -> HTTPResponse:
    """Plain text."""
    return html("Hello, World!")


@app.get("/json/<number:int>")
async def answer(request: Request, number: int) -> HTTPResponse:
    """A converter, a query argument, JSON."""
    return json({"number": number, "q": request.args.get("q")})


@app.get("/page")
async def page(request: Request) -> HTTPResponse:
    """A template."""
    return html(template.render(title="Guestbook", rows=content.ROWS))


@app.post("/form")
async def form(request: Request) -> HTTPResponse:
    """A field of a form."""
    return html(request.form.get("a"))


@app.post("/upload")
async def upload(request: Request) -> HTTPResponse:
    """A body."""
    return html(str(len(request.body)))


@app.get("/stream")
async def stream(request: Request) -> None:
    """A generator."""
    response = await request.respond(content_type=content.HTML)
    for chunk in content.chunks():
        await response.send(chunk)
    await response.eof()


@app.get("/sleep")
async def sleep(request: Request) -> HTTPResponse:
    """Wait for something."""
    await asyncio.sleep(content.SLEEP)
    return html("slept")


@app.get("/mixed/<number:int>")
async def mixed(request: Request, number: int) -> HTTPResponse:
    """One of fifty waits."""
    if content.is_slow(number):
        await asyncio.sleep(content.SLOW)
        return html("slow")
    return html("fast")


if __name__ == "__main__":
    certificate = os.environ.get("BENCH_CERTIFICATE")
    tls = dict(zip(("cert", "key"), certificate.split(os.pathsep), strict=True)) if certificate else None
    workers = int(os.environ.get("BENCH_PROCESSES", "1"))
    app.run(
        host="127.0.0.1",
        port=int(sys.argv[1]),
        ssl=tls,
        workers=workers,
        single_process=workers == 1,
        access_log=False,
        motd=False,
    )
