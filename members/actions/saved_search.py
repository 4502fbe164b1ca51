"""Searches of the directory that somebody keeps. They are their owner's alone, so no activity tells of them."""

from typing import Final

from django.db import transaction
from django.utils.translation import gettext as _

from community.core.errors import Conflict, Invalid
from community.core.permissions import require
from community.core.text import clean_line
from members.directory import LONGEST_QUERY
from members.models import DismissedSuggestion, Member, SavedSearch
from members.permissions import is_admitted

MOST_SEARCHES: Final = 20


@transaction.atomic
def save_search(*, by: Member, name: str, query: str) -> SavedSearch:
    """Rule 2.3. `query` is the part of the address behind the question mark.

    Raises `Invalid` where there is no name, nothing to search by, or too much; `Conflict` for a name that is taken and
    for one search too many.
    """
    require(is_admitted(by))
    name = clean_line(name)[:60]
    if not name:
        raise Invalid(
            _("A search needs a name."), fields={"name": [_("Write what you will look for it by.")]}
        )
    if not query:
        raise Invalid(_("There is nothing to keep: narrow the list first."))
    if len(query) > LONGEST_QUERY:
        raise Invalid(_("This search is too long to be kept. Take a filter away."))
    # The lock makes the count true for two requests at once.
    Member.objects.select_for_update(no_key=True).get(pk=by.pk)
    kept = SavedSearch.objects.filter(member=by)
    if kept.filter(name=name).exists():
        sentence = _("You have a search of this name.")
        raise Conflict(sentence)
    if kept[MOST_SEARCHES - 1 :].exists():
        raise Conflict(
            _("You have {limit} searches. Delete one that you do not use.").format(limit=MOST_SEARCHES)
        )
    return SavedSearch.objects.create(member=by, name=name, query=query)


@transaction.atomic
def delete_search(search: SavedSearch, *, by: Member) -> None:
    """Only the owner's own are found; deleting twice changes nothing."""
    SavedSearch.objects.filter(pk=search.pk, member=by).delete()


@transaction.atomic
def dismiss_suggestion(member: Member, *, by: Member) -> None:
    """Do not suggest this person to me again. They are not told; dismissing twice changes nothing."""
    require(is_admitted(by))
    if member.pk == by.pk:
        raise Invalid(_("Nobody is suggested to themselves."))
    DismissedSuggestion.objects.bulk_create(
        [DismissedSuggestion(member=by, other=member)], ignore_conflicts=True
    )
