"""The application layer: Flask's API on one dispatch path with frozen endpoint plans. `demijohn` exports the names."""
