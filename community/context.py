"""What every page shows around its content; loaded only by templates that ask for it."""

from django.http import HttpRequest


def chrome(request: HttpRequest) -> dict[str, object]:
    return {}
