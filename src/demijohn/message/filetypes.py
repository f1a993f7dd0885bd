"""Media types of files by their names: a fixed table for the types of the web, over what the platform says of the rest.

Pure; any thread. A machine's own list of types decides nothing about a page's scripts and styles: with `nosniff`, or for a
module, a browser refuses those that come with a wrong type.
"""

import mimetypes
from typing import Final

DEFAULT_TYPE: Final = "application/octet-stream"
"""Of a name that says nothing."""

_WEB_TYPES: Final = {
    # Pages and what is in them; RFC 9239 for scripts.
    ".html": "text/html",
    ".htm": "text/html",
    ".xhtml": "application/xhtml+xml",
    ".css": "text/css",
    ".js": "text/javascript",
    ".mjs": "text/javascript",
    ".cjs": "text/javascript",
    ".wasm": "application/wasm",
    ".vtt": "text/vtt",
    # Data.
    ".json": "application/json",
    ".map": "application/json",
    ".jsonld": "application/ld+json",
    ".geojson": "application/geo+json",
    ".webmanifest": "application/manifest+json",
    ".xml": "application/xml",
    ".rss": "application/rss+xml",
    ".atom": "application/atom+xml",
    ".txt": "text/plain",
    ".md": "text/markdown",
    ".csv": "text/csv",
    ".ics": "text/calendar",
    ".pdf": "application/pdf",
    ".zip": "application/zip",
    # Pictures.
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".apng": "image/apng",
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".gif": "image/gif",
    ".webp": "image/webp",
    ".avif": "image/avif",
    ".jxl": "image/jxl",
    ".ico": "image/vnd.microsoft.icon",
    # Fonts, RFC 8081.
    ".woff": "font/woff",
    ".woff2": "font/woff2",
    ".ttf": "font/ttf",
    ".otf": "font/otf",
    # Sound and film.
    ".mp3": "audio/mpeg",
    ".m4a": "audio/mp4",
    ".aac": "audio/aac",
    ".flac": "audio/flac",
    ".wav": "audio/wav",
    ".oga": "audio/ogg",
    ".ogg": "audio/ogg",
    ".opus": "audio/ogg",
    ".mp4": "video/mp4",
    ".m4v": "video/mp4",
    ".webm": "video/webm",
    ".ogv": "video/ogg",
    ".m3u8": "application/vnd.apple.mpegurl",
}


def guess_file_type(name: str) -> tuple[str | None, str | None]:
    """Return (media type, content coding) that a file's name suggests, each `None` where it suggests none: `a.js.gz` is a
    script, packed by gzip.

    For the types of the table nothing registered with `mimetypes` counts; give `mimetype` where a file is something else.
    """
    dot = name.rfind(".")
    known = _WEB_TYPES.get(name[dot:].lower()) if dot > 0 else None
    if known is not None and name[dot - 1] != "/":
        return known, None
    if mimetypes.inited and dot > 0 and name[dot - 1] not in "./":
        # PERF: what `guess_type` would find, where the suffix stands for nothing but a type.
        suffix = name[dot:]
        plain = mimetypes.types_map.get(suffix)
        if plain is not None and suffix not in mimetypes.suffix_map and suffix not in mimetypes.encodings_map:
            return plain, None
    # Not as a URL, which `mimetypes` would take `data:...` for.
    guessed, coding = mimetypes.guess_type("./" + name.rpartition("/")[2])
    if coding is not None:
        inner = guess_file_type(name[:dot])[0]
        guessed = inner or guessed
    return guessed, coding
