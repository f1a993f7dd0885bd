"""`Request` and `Response`, and what makes one of them: files, redirects, error responses."""
