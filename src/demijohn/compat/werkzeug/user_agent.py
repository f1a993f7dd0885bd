"""What `werkzeug.user_agent` has, from its homes."""

from demijohn.message.user_agent import UserAgent
