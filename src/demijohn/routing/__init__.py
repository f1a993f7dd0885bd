"""URLs to endpoints and back: rules, the table, its matcher and its builder."""
