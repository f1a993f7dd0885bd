"""What `werkzeug.security` has, from its homes."""

from demijohn.http.security import (
    DEFAULT_PBKDF2_ITERATIONS,
    SALT_CHARS,
    _os_alt_seps,
    check_password_hash,
    gen_salt,
    generate_password_hash,
    safe_join,
)
