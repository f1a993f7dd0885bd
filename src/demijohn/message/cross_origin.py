"""The values of the two cross-origin isolation fields (HTML standard, §7.1.3 and §7.1.4)."""

from enum import Enum


class COOP(Enum):
    """Cross-Origin-Opener-Policy."""

    UNSAFE_NONE = "unsafe-none"
    SAME_ORIGIN_ALLOW_POPUPS = "same-origin-allow-popups"
    SAME_ORIGIN = "same-origin"


class COEP(Enum):
    """Cross-Origin-Embedder-Policy."""

    UNSAFE_NONE = "unsafe-none"
    REQUIRE_CORP = "require-corp"
