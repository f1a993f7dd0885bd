"""The application: registries, contexts, dispatch, and everything Flask gives to a view."""
