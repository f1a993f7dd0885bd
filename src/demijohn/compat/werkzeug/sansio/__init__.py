"""What `werkzeug.sansio` has, from its homes."""
