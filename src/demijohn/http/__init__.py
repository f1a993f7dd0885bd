"""HTTP as values: fields, data structures and the grammar that parses and renders them. No requests, no sockets."""
