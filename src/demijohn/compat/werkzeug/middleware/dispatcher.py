"""What `werkzeug.middleware.dispatcher` has, from its homes."""

from demijohn.middleware.dispatcher import DispatcherMiddleware
