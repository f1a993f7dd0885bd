"""One Chromium for all tests of a file: it takes its time to start. Each test has its own page, with cookies of its own."""

import pytest
from browser.chromium import Chromium
from browser.page import Page


@pytest.fixture(scope="module")
def browser(module_place):
    browser = Chromium(module_place)
    yield browser
    browser.close()


@pytest.fixture
def open_page(browser):
    """Open another tab; `open_page(page)` shares the cookies of a page."""
    pages = []

    def open_one(beside=None):
        page = Page(browser, None if beside is None else beside.context)
        pages.append(page)
        return page

    yield open_one
    for page in reversed(pages):
        page.close()


@pytest.fixture
def page(open_page):
    return open_page()
