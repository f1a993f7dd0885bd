"""What `werkzeug.local` has, from its homes."""

from demijohn.local.proxy import LocalProxy
from demijohn.local.storage import Local, LocalManager, LocalStack, release_local
from demijohn.message.wsgi import ClosingIterator
