"""Where a handler runs: on the polling thread, on it with late promotion, or in a pool."""
