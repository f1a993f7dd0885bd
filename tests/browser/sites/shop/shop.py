"""A small shop in which things go wrong."""

import os
from dataclasses import dataclass

from demijohn import Demijohn, render_template

app = Demijohn(__name__)
app.secret_key = "only for a test"
app.shown = []


@dataclass
class Order:
    number: int
    customer: str
    lines: dict[str, int]


ORDERS = {7: Order(7, "Ada Lovelace", {"punched cards": 1200, "brass wheels": 0})}


class OrderError(Exception):
    """An order cannot be worked with."""


def price_per_piece(order, total):
    database_password = "swordfish"  # noqa: F841 - is not to be shown
    notes = [f"line {number}" for number in range(40)]  # noqa: F841
    return {name: total / count for name, count in order.lines.items()}


@app.get("/")
def index():
    return f"{os.getpid()}"


@app.get("/orders/<int:number>")
def show_order(number):
    order = ORDERS[number]
    try:
        prices = price_per_piece(order, total=3600)
    except ZeroDivisionError as error:
        problem = OrderError(f"The prices of order {order.number} cannot be told:\none of its lines has no pieces.")
        problem.add_note("Lines without pieces are left over when a delivery is sent back.")
        raise problem from error
    return prices


@app.get("/page")
def page():
    return render_template("page.html", orders=list(ORDERS.values()))


@app.get("/many")
def many():
    errors = []
    for number in (7, 8, 9):
        try:
            show_order(number)
        except Exception as error:
            errors.append(error)
    raise ExceptionGroup("Some orders cannot be shown", errors)


@app.get("/deep")
def deep():
    def again(number):
        return again(number + 1)

    return again(0)
