"""Names of browsers as people know them, read out of what browsers say of themselves. A short table, no rules to fetch.

For one's own list of sign-ins, where "Firefox on Windows" is enough to say "that is me"; nothing is decided by it.
"""

from typing import Final

from django.utils.translation import gettext as _

# In this order: most say the names of others as well, to be served alike.
_BROWSERS: Final = (
    ("Edg/", "Edge"), ("EdgA/", "Edge"), ("EdgiOS/", "Edge"), ("OPR/", "Opera"), ("OPT/", "Opera"),
    ("Vivaldi/", "Vivaldi"), ("SamsungBrowser/", "Samsung Internet"), ("DuckDuckGo/", "DuckDuckGo"),
    ("YaBrowser/", "Yandex Browser"), ("FxiOS/", "Firefox"), ("Firefox/", "Firefox"), ("CriOS/", "Chrome"),
    ("Chromium/", "Chromium"), ("HeadlessChrome/", "Chrome"), ("Chrome/", "Chrome"), ("Safari/", "Safari"),
)  # fmt: skip
_SYSTEMS: Final = (
    ("iPhone", "iPhone"), ("iPad", "iPad"), ("Android", "Android"), ("CrOS", "ChromeOS"), ("Windows", "Windows"),
    ("Macintosh", "macOS"), ("Mac OS X", "macOS"), ("Linux", "Linux"), ("FreeBSD", "FreeBSD"),
)  # fmt: skip


def browser_label(said: str) -> str:
    """What a person would call it, as Firefox on Windows; what is not known is not guessed."""
    browser = next((name for sign, name in _BROWSERS if sign in said), "")
    system = next((name for sign, name in _SYSTEMS if sign in said), "")
    if browser and system:
        return _("{browser} on {system}").format(browser=browser, system=system)
    if browser or system:
        return browser or _("A browser on {system}").format(system=system)
    return _("Something that does not say what it is")
