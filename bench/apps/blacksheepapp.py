"""BlackSheep."""

import asyncio
from collections.abc import AsyncIterator

import content
from blacksheep import Application, FromQuery, Request, Response, StreamedContent, html, json
from blacksheep.sessions import SessionMiddleware
from blacksheep.sessions.cookies import CookieSessionStore
from jinja2 import Environment, FileSystemLoader

app = Application()
app.serve_files(content.FILES, root_path="static", extensions={".bin"})
templates = Environment(loader=FileSystemLoader(content.TEMPLATES), autoescape=True)
template = templates.get_template("page.html")
# For the one view that has a session: `use_sessions` would cost every request something.
sessions = SessionMiddleware(CookieSessionStore(content.SECRET))


@app.router.get("/")
async def hello() -> Response:
    """Plain text."""
    return html("Hello, World!")


@app.router.get("/json/{int:number}")
async def answer(number: int, q: FromQuery[str]) -> Response:
    """A converter, a query argument, JSON."""
    return json({"number": number, "q": q.value})


@app.router.get("/session")
async def count(request: Request) -> Response:
    """A view with a session."""
    return await sessions(request, counted)


async def counted(request: Request) -> Response:
    """Read and write the session."""
    request.session["count"] = request.session.get("count", 0) + 1
    return html(str(request.session["count"]))


@app.router.get("/page")
async def page() -> Response:
    """A template."""
    return html(template.render(title="Guestbook", rows=content.ROWS))


@app.router.post("/form")
async def form(request: Request) -> Response:
    """A field of a form."""
    return html((await request.form())["a"])


@app.router.post("/upload")
async def upload(request: Request) -> Response:
    """A body."""
    return html(str(len(await request.read() or b"")))


@app.router.get("/stream")
async def stream() -> Response:
    """A generator."""

    async def generate() -> AsyncIterator[bytes]:
        for chunk in content.chunks():
            yield chunk

    return Response(200, content=StreamedContent(content.HTML.encode(), generate))


@app.router.get("/sleep")
async def sleep() -> Response:
    """Wait for something."""
    await asyncio.sleep(content.SLEEP)
    return html("slept")


@app.router.get("/mixed/{int:number}")
async def mixed(number: int) -> Response:
    """One of fifty waits."""
    if content.is_slow(number):
        await asyncio.sleep(content.SLOW)
        return html("slow")
    return html("fast")
