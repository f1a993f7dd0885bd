"""Values that belong to the running thread, task or greenlet, and proxies to them."""
