"""What the frame of every page shows around its content."""

from dataclasses import dataclass
from functools import partial

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse

from community.core.models import Module
from community.core.moments import initials
from discussions.models import visible_spaces
from discussions.permissions import can_see_queue
from discussions.queries.notices import unread_label, unread_space_ids
from members.models import Member
from members.permissions import can_review_applications


@dataclass(frozen=True, slots=True)
class Me:
    """The reader."""

    display_name: str
    url: str
    initials: str


@dataclass(frozen=True, slots=True)
class NavSpace:
    """A space in the rail. It has a dot while something is unread there that the reader follows or took part in."""

    id: int
    name: str
    url: str
    current: bool
    reader: Member

    @property
    def is_new(self) -> bool:
        """Asked where the frame prints it, of what was loaded for the bell."""
        return self.id in unread_space_ids(self.reader)

    def __getitem__(self, name: str) -> object:
        return getattr(self, name)


def chrome(request: HttpRequest) -> dict[str, object]:
    """Context of `base.html`. The spaces come from the one query that resolves them for the request."""
    match = request.resolver_match
    # Chosen per device and of no interest to anybody else, so it is a cookie (static/js/behaviours/theme.js).
    theme = request.COOKIES.get("theme", "")
    context: dict[str, object] = {
        "community_name": settings.COMMUNITY_NAME,
        "theme": theme if theme in {"light", "dark"} else "auto",
        "here": match.url_name if match else "",
        "me": None,
        "is_staff": False,
        "keeps_gate": False,
        "keeps_queue": False,
        "is_inside": False,
        "paused_until": None,
        "nav_spaces": [],
        "unread_notices": "",
        # Rule 15.6: what is switched off is named nowhere.
        "uses": frozenset(),
    }
    user = getattr(request, "user", None)
    if not isinstance(user, Member):
        return context
    return context | {
        "me": Me(user.display_name, _own_page(user), initials(user.display_name)),
        "is_staff": user.is_staff,
        "keeps_gate": bool(can_review_applications(user)),
        "keeps_queue": bool(can_see_queue(user)),
        "is_inside": user.is_admitted,
        "uses": frozenset(Module.values) - user.modules_off if user.is_admitted else frozenset(),
        # Asked only where the frame prints it.
        "unread_notices": partial(unread_label, user),
        "paused_until": user.paused_until if user.is_admitted else None,
        "nav_spaces": [
            NavSpace(space.pk, space.name, url, current=request.path_info == url, reader=user)
            for space in visible_spaces(user)
            if space.archived_at is None
            for url in (space.get_absolute_url(),)
        ],
    }


def _own_page(user: Member) -> str:
    """Who is not past the gate has no page for others to see."""
    return user.get_absolute_url() if user.is_admitted else reverse("home")
