"""FastAPI."""

import asyncio
from collections.abc import AsyncIterator
from typing import Annotated

import content
from fastapi import FastAPI, Form, Request
from fastapi.responses import HTMLResponse, StreamingResponse
from fastapi.staticfiles import StaticFiles
from fastapi.templating import Jinja2Templates
from starlette.middleware.sessions import SessionMiddleware

app = FastAPI(openapi_url=None)
# Sessions are for the application below that has them: as middleware of this one they would cost every request something.
members = FastAPI(openapi_url=None)
members.add_middleware(SessionMiddleware, secret_key=content.SECRET)
app.mount("/static", StaticFiles(directory=content.FILES))
templates = Jinja2Templates(content.TEMPLATES)


@app.get("/", response_class=HTMLResponse)
async def hello() -> HTMLResponse:
    """Plain text. A response returned as such is not validated and converted as data would be, which costs more."""
    return HTMLResponse("Hello, World!")


@app.get("/json/{number}")
async def answer(number: int, q: str | None = None) -> dict[str, int | str | None]:
    """A converter, a query argument, JSON."""
    return {"number": number, "q": q}


@members.get("/session", response_class=HTMLResponse)
async def count(request: Request) -> HTMLResponse:
    """Read and write the session."""
    request.session["count"] = request.session.get("count", 0) + 1
    return HTMLResponse(str(request.session["count"]))


@app.get("/page", response_class=HTMLResponse)
async def page(request: Request) -> HTMLResponse:
    """A template."""
    return templates.TemplateResponse(request, "page.html", {"title": "Guestbook", "rows": content.ROWS})


@app.post("/form", response_class=HTMLResponse)
async def form(a: Annotated[str, Form()], b: Annotated[str, Form()]) -> HTMLResponse:
    """A field of a form."""
    return HTMLResponse(a)


@app.post("/upload", response_class=HTMLResponse)
async def upload(request: Request) -> HTMLResponse:
    """A body."""
    return HTMLResponse(str(len(await request.body())))


@app.get("/stream")
async def stream() -> StreamingResponse:
    """A generator; of the asynchronous kind, which is not handed to a thread for each chunk."""

    async def generate() -> AsyncIterator[bytes]:
        for chunk in content.chunks():
            yield chunk

    return StreamingResponse(generate(), media_type="text/html")


@app.get("/sleep", response_class=HTMLResponse)
async def sleep() -> HTMLResponse:
    """Wait for something."""
    await asyncio.sleep(content.SLEEP)
    return HTMLResponse("slept")


@app.get("/mixed/{number}", response_class=HTMLResponse)
async def mixed(number: int) -> HTMLResponse:
    """One of fifty waits."""
    if content.is_slow(number):
        await asyncio.sleep(content.SLOW)
        return HTMLResponse("slow")
    return HTMLResponse("fast")


app.mount("", members)  # what no route above has
