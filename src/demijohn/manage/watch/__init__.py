"""Which files an application is made of, and what has changed of them."""
