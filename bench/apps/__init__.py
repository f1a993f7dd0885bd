"""The application that is measured, once for each framework; see README.md."""
