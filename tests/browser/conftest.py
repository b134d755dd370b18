"""A real browser, and the API on a real port of this machine."""

import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page, sync_playwright
from werkzeug.serving import WSGIRequestHandler, make_server

_NAMES = ("chromium", "chromium-browser", "google-chrome")
_QUIETLY = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


class _Silent(WSGIRequestHandler):
    def log(self, type: str, message: str, *args: Any) -> None:
        """pytest's output is no access log."""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium, where this machine has one.

    Not for longer: while it is there, its event loop runs in the thread of the tests.
    """
    found = next(filter(None, map(shutil.which, _NAMES)), None)
    if found is None:
        pytest.skip(f"no browser on the path: one of {', '.join(_NAMES)} is needed")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=_QUIETLY)
        yield browser
        browser.close()


@pytest.fixture
def served(app: Flask) -> Iterator[str]:
    """Where the browser reaches the API."""
    server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=_Silent)
    serving = threading.Thread(target=server.serve_forever, daemon=True)
    serving.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    serving.join()
    server.server_close()


@contextmanager
def phone(browser: Browser, width: int, height: int, **how: Any) -> Iterator[Page]:
    """A page as wide as a phone. Nothing may go wrong on it unheard."""
    context = browser.new_context(viewport={"width": width, "height": height}, **how)
    page = context.new_page()
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    yield page
    context.close()
    # A browser asks for an icon by itself and says when there is none.
    assert [each for each in complaints if "404" not in each] == []
