"""What becomes of the figures of `python -m bench`: medians, ratios, targets, and the files that say them."""
