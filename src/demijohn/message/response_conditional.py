"""`ResponseConditional`: validators, and answers to conditional and range requests (RFC 9110 §13, §14)."""

from .response_body import ResponseBody


class ResponseConditional(ResponseBody):
    """Validators and ranges."""
