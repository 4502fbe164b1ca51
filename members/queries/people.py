"""Page-shaped reads of people."""

from dataclasses import dataclass

from django.db.models import Q
from django.db.models.functions import Lower
from django.urls import reverse
from django.utils import timezone

from community.core.http import whole_number
from community.core.keyset import split_page, with_query
from community.core.models import ApiToken, Scope
from community.core.moments import Moment, initials, moment
from members.models import Member, Organisation

PEOPLE_PER_PAGE = 30


@dataclass(frozen=True, slots=True)
class MemberRow:
    """A person in a list."""

    display_name: str
    url: str
    initials: str
    headline: str
    place: str


def member_rows(
    reader: Member, *, words: str, organisation: Organisation | None, after: str | None
) -> tuple[list[MemberRow], str]:
    """People by name, those whose name or headline holds every word; and the key of the next page. One query."""
    people = Member.objects.visible_to(reader).annotate(key=Lower("display_name")).order_by("key", "pk")
    for word in words.split()[:6]:
        people = people.filter(Q(display_name__icontains=word) | Q(headline__icontains=word))
    if organisation is not None:
        people = people.filter(employments__organisation=organisation, employments__until_date__isnull=True)
    member_id, dash, name = (after or "").partition("-")
    key = whole_number(member_id)
    if dash and key is not None:
        people = people.filter(Q(key__gt=name) | Q(key=name, pk__gt=key))
    people = people.select_related("directoryentry")[: PEOPLE_PER_PAGE + 1]
    found, has_more = split_page(list(people), PEOPLE_PER_PAGE)
    rows = [
        MemberRow(
            display_name=member.display_name,
            url=member.get_absolute_url(),
            initials=initials(member.display_name),
            headline=member.headline,
            place=member.directoryentry.place if hasattr(member, "directoryentry") else "",
        )
        for member in found
    ]
    return rows, f"{found[-1].pk}-{found[-1].key}" if has_more else ""


def older_people_url(words: str, organisation: Organisation | None, key: str) -> str:
    """The address of the next page of people; '' at the end."""
    if not key:
        return ""
    return with_query(
        reverse("member_list"), q=words, organisation=organisation.slug if organisation else "", after=key
    )


@dataclass(frozen=True, slots=True)
class ApiTokenRow:
    """A token in its owner's list; what is shown of the secret is its beginning."""

    name: str
    prefix: str
    scope_label: str
    created: Moment
    expires: Moment
    last_used: Moment | None
    revoke_url: str


def api_token_rows(member: Member) -> list[ApiTokenRow]:
    """Those that still work, the newest first. One query."""
    now = timezone.now()
    return [
        ApiTokenRow(
            name=token.name,
            prefix=token.prefix,
            scope_label=str((Scope.WRITE if Scope.WRITE in token.scopes else Scope.READ).label),
            created=moment(token.created_at, now),
            expires=moment(token.expires_at, now),
            last_used=None if token.last_used_at is None else moment(token.last_used_at, now),
            revoke_url=reverse("api_token_revoke", args=[token.pk]),
        )
        for token in ApiToken.objects.usable().filter(member=member).order_by("-created_at", "-pk")
    ]
