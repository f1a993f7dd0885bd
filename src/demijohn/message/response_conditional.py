"""`ResponseConditional`: answers to conditional requests."""

from .response_body import ResponseBody


class ResponseConditional(ResponseBody):
    """Validators and ranges."""
