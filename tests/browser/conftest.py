"""A real Chromium before a real server: pages signed in by role, and a watch that fails on any complaint."""

import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import pytest
from django.conf import settings
from django.test import Client
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Page,
    Request,
    expect,
    sync_playwright,
)

from members.models import Member

# Playwright keeps an event loop in this thread, and Django then refuses the database although nothing is
# asynchronous.
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")

# The address bar's popups are pages of their own, which Chromium loads for every window: half of what one costs.
# The others are what Playwright switches off in a switch that this one replaces.
SWITCHED_OFF = (
    "WebUIOmniboxPopup",
    "WebUIOmniboxAimPopup",
    "WebUIOmniboxFullPopup",
    "AvoidUnnecessaryBeforeUnloadCheckSync",
    "DestroyProfileOnBrowserClose",
    "HttpsUpgrades",
    "HttpsFirstBalancedModeAutoEnable",
    "LensOverlay",
    "MediaRouter",
    "PaintHolding",
    "ThirdPartyStoragePartitioning",
    "AvoidCorsURLLoaderRestartOnRedirect",
    "OptimizationHints",
    "NetworkTimeServiceQuerying",
    "AimEnabled",
    "PreconnectToSearch",
)
ARGUMENTS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    f"--disable-features={','.join(SWITCHED_OFF)}",
]
# Long enough that only what never comes fails, on a machine that does much else.
PATIENCE_MS = 20_000
expect.set_options(timeout=PATIENCE_MS)
# SLOW_BROWSER=1 makes every page eight times slower: what only works when scripts are quicker than people fails then.
SLOW_BROWSER = bool(os.environ.get("SLOW_BROWSER"))
SLOWER = 8
WIDE = {"width": 1280, "height": 900}
NARROW = {"width": 390, "height": 844}


def chromium() -> str | None:
    names = ("chromium", "chromium-browser", "google-chrome")
    return os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, names)), None)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "tests/browser/" in item.path.as_posix():
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    executable = chromium()
    if executable is None:
        pytest.skip("no Chromium: name one in CHROMIUM or put it on PATH")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=ARGUMENTS)
        yield browser
        browser.close()


@dataclass
class Watch:
    """What a page must not do: write errors to the console, break the policy, fail, or ask another host."""

    host: str
    problems: list[str] = field(default_factory=list)

    def on_console(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            self.problems.append(f"console {message.type}: {message.text}")

    def on_request(self, request: Request) -> None:
        address = urlsplit(request.url)
        if address.scheme not in {"data", "blob", "about"} and address.netloc != self.host:
            self.problems.append(f"request to {request.url[:200]}")

    def follow(self, page: Page) -> None:
        page.on("console", self.on_console)
        page.on("pageerror", lambda error: self.problems.append(f"page error: {error}"))
        page.on("request", self.on_request)

    def forgive(self, *words: str) -> None:
        """Forget the expected problems: those that hold one of the words, or all of them."""
        self.problems = [one for one in self.problems if words and not any(word in one for word in words)]


@pytest.fixture
def watch(live_server) -> Iterator[Watch]:
    watch = Watch(host=urlsplit(live_server.url).netloc)
    yield watch
    assert watch.problems == []


PageAs = Callable[..., Page]


@pytest.fixture
def page_as(browser: Browser, live_server, watch: Watch) -> Iterator[PageAs]:
    """`page_as(member)` is a page of a browser in which that member is signed in; `page_as(None)` a stranger's.

    Further arguments are those of Playwright's `new_context`: viewport, color_scheme, java_script_enabled,
    bypass_csp.
    """
    contexts: list[BrowserContext] = []

    def page_as(member: Member | None, **options) -> Page:
        context = browser.new_context(base_url=live_server.url, **({"viewport": WIDE} | options))
        context.set_default_timeout(PATIENCE_MS * (2 if SLOW_BROWSER else 1))
        contexts.append(context)
        if member is not None:
            client = Client()
            client.force_login(member)
            name = settings.SESSION_COOKIE_NAME
            context.add_cookies([{"name": name, "value": client.cookies[name].value, "url": live_server.url}])
        page = context.new_page()
        watch.follow(page)
        if SLOW_BROWSER:
            context.new_cdp_session(page).send("Emulation.setCPUThrottlingRate", {"rate": SLOWER})
        return page

    yield page_as
    for context in contexts:
        context.close()
