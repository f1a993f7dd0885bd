"""What the page shows, for all frameworks: values that must be escaped among them."""

TITLE = "Fish & chips"
ROWS = [
    {"number": n, "name": f"Item <{n}>", "remark": f'said "{n}" & so on, at some length', "price": n * 1.25}
    for n in range(30)
]
CHUNK, CHUNKS = bytes(1 << 16), 160
"""The streamed answer: 10 MiB in 160 pieces."""
