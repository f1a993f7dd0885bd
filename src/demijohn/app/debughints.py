"""What debug mode explains: a missing upload, a redirect that loses a form. Only exceptions with long texts live here."""

from typing import Any, NoReturn

from ..routing import RequestRedirect


class DebugFilesKeyError(KeyError, AssertionError):
    """`request.files[...]` failed because the form was not sent as multipart."""

    def __init__(self, request: Any, key: str) -> None:  # Any: requests.py imports this file
        self.text = (
            f"There is no file {key!r} in `request.files`: no file contents were transmitted, because the form was sent as"
            f" {request.mimetype!r}. Files only"
            ' come with `enctype="multipart/form-data"` on the form.'
        )
        names = request.form.getlist(key)
        if names:
            quoted = ", ".join(repr(name) for name in names)
            self.text += f" Instead of files, the browser sends their names. This was submitted: {quoted}."
        super().__init__(self.text)

    def __str__(self) -> str:
        return self.text


class FormDataRoutingRedirect(AssertionError):
    """A form was posted to an URL that redirects in a way that makes clients drop the form."""

    def __init__(self, request: Any) -> None:  # Any: see above
        redirect = request.routing_exception
        text = (
            f"A {request.method} request to {request.url!r} was about to be redirected to the"
            f" canonical URL {redirect.new_url!r}. The client would drop the form data, or send it twice. Use the final"
            " URL in the form."
        )
        if f"{request.base_url}/" == redirect.new_url.partition("?")[0]:
            text += " The rule has a slash at its end; the URL that was asked for has not."
        super().__init__(f"{text} (This is only raised in debug mode.)")


def refuse_form_redirect(request: Any) -> NoReturn:
    """Raise the routing exception of a request; in debug mode, explain a redirect that would lose a form."""
    error = request.routing_exception
    assert error is not None  # noqa: S101 - only called for a request that has one
    is_lossless = request.method in {"GET", "HEAD", "OPTIONS"} or getattr(error, "code", None) in {307, 308}
    if isinstance(error, RequestRedirect) and not is_lossless:
        raise FormDataRoutingRedirect(request)
    raise error


def watch_missing_files(request: Any) -> None:
    """Let `request.files[key]` explain itself where `key` came as an ordinary field."""
    base = type(request.files)

    class ExplainingFiles(base):  # type: ignore[misc, valid-type]  # the class is the request's choice
        def __getitem__(self, key: str) -> Any:
            try:
                return super().__getitem__(key)
            except KeyError:
                if key in request.form:
                    raise DebugFilesKeyError(request, key) from None
                raise

    ExplainingFiles.__name__ = base.__name__
    request.files.__class__ = ExplainingFiles
