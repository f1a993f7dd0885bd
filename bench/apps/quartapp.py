"""Quart."""

import asyncio
from collections.abc import AsyncIterator

import content
from quart import Quart, render_template, request, session

app = Quart("bench", root_path=content.TEMPLATES + "/..", static_folder=content.FILES, static_url_path="/static")
app.secret_key = content.SECRET


@app.get("/")
async def hello() -> str:
    """Plain text."""
    return "Hello, World!"


@app.get("/json/<int:number>")
async def answer(number: int) -> dict[str, object]:
    """A converter, a query argument, JSON."""
    return {"number": number, "q": request.args.get("q")}


@app.get("/session")
async def count() -> str:
    """Read and write the session."""
    session["count"] = session.get("count", 0) + 1
    return str(session["count"])


@app.get("/page")
async def page() -> str:
    """A template."""
    return await render_template("page.html", title="Guestbook", rows=content.ROWS)


@app.post("/form")
async def form() -> str:
    """A field of a form."""
    return (await request.form)["a"]


@app.post("/upload")
async def upload() -> str:
    """A body."""
    return str(len(await request.get_data(cache=False)))


@app.get("/stream")
async def stream() -> AsyncIterator[bytes]:
    """A generator."""

    async def generate() -> AsyncIterator[bytes]:
        for chunk in content.chunks():
            yield chunk

    return generate()


@app.get("/sleep")
async def sleep() -> str:
    """Wait for something."""
    await asyncio.sleep(content.SLEEP)
    return "slept"


@app.get("/mixed/<int:number>")
async def mixed(number: int) -> str:
    """One of fifty waits."""
    if content.is_slow(number):
        await asyncio.sleep(content.SLOW)
        return "slow"
    return "fast"
