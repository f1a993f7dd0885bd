"""Starlette."""

import asyncio
from collections.abc import AsyncIterator

import content
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.sessions import SessionMiddleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response, StreamingResponse
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.templating import Jinja2Templates

templates = Jinja2Templates(content.TEMPLATES)


async def hello(request: Request) -> Response:
    """Plain text."""
    return HTMLResponse("Hello, World!")


async def answer(request: Request) -> Response:
    """A converter, a query argument, JSON."""
    return JSONResponse({"number": request.path_params["number"], "q": request.query_params.get("q")})


async def count(request: Request) -> Response:
    """Read and write the session."""
    request.session["count"] = request.session.get("count", 0) + 1
    return HTMLResponse(str(request.session["count"]))


async def page(request: Request) -> Response:
    """A template."""
    return templates.TemplateResponse(request, "page.html", {"title": "Guestbook", "rows": content.ROWS})


async def form(request: Request) -> Response:
    """A field of a form."""
    async with request.form() as fields:
        return HTMLResponse(str(fields["a"]))


async def upload(request: Request) -> Response:
    """A body."""
    return HTMLResponse(str(len(await request.body())))


async def stream(request: Request) -> Response:
    """A generator; of the asynchronous kind, which Starlette does not hand to a thread for each chunk."""

    async def generate() -> AsyncIterator[bytes]:
        for chunk in content.chunks():
            yield chunk

    return StreamingResponse(generate(), media_type="text/html")


async def sleep(request: Request) -> Response:
    """Wait for something."""
    await asyncio.sleep(content.SLEEP)
    return HTMLResponse("slept")


async def mixed(request: Request) -> Response:
    """One of fifty waits."""
    if content.is_slow(request.path_params["number"]):
        await asyncio.sleep(content.SLOW)
        return HTMLResponse("slow")
    return HTMLResponse("fast")


# Sessions are for the one route that has them: as middleware of the application they would cost every request something.
sessions = Middleware(SessionMiddleware, secret_key=content.SECRET)

app = Starlette(
    routes=[
        Route("/", hello),
        Route("/json/{number:int}", answer),
        Route("/session", count, middleware=[sessions]),
        Route("/page", page),
        Route("/form", form, methods=["POST"]),
        Route("/upload", upload, methods=["POST"]),
        Route("/stream", stream),
        Route("/sleep", sleep),
        Route("/mixed/{number:int}", mixed),
        Mount("/static", StaticFiles(directory=content.FILES)),
    ],
)
