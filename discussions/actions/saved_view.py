"""Lists that a member keeps under a name. They are their owner's alone, so no activity tells of them (rule 3.17)."""

from typing import Final

from django.db import transaction
from django.utils.translation import gettext as _

from community.core.errors import Conflict, Invalid
from community.core.permissions import require
from community.core.text import clean_line
from discussions.filters import read_query
from discussions.models import SavedView
from members.models import Member
from members.permissions import is_admitted

MOST_VIEWS: Final = 20


@transaction.atomic
def save_view(*, by: Member, name: str, query: str, is_digest: bool = False) -> SavedView:
    """Keep a list under a name. `query` is the part of its address behind the question mark.

    Raises `Invalid` without a name, `Conflict` for a name that is taken and for one view too many.
    """
    require(is_admitted(by))
    name = _clean_name(name)
    # The lock makes the count true for two requests at once.
    Member.objects.select_for_update(no_key=True).get(pk=by.pk)
    kept = SavedView.objects.filter(member=by)
    _check_free(kept.filter(name=name).exists())
    if kept[MOST_VIEWS - 1 :].exists():
        raise Conflict(_("You keep {limit} lists. Delete one that you do not use.").format(limit=MOST_VIEWS))
    return SavedView.objects.create(
        member=by, name=name, query=read_query(query).query(), is_digest=is_digest
    )


@transaction.atomic
def edit_view(view: SavedView, *, by: Member, name: str, is_digest: bool) -> SavedView:
    """Rename a list, and say whether the digest brings what is new in it. Raises as `save_view`."""
    view = SavedView.objects.select_for_update().get(pk=view.pk, member=by)
    view.name, view.is_digest = _clean_name(name), is_digest
    _check_free(SavedView.objects.filter(member=by, name=view.name).exclude(pk=view.pk).exists())
    view.save(update_fields=["name", "is_digest"])
    return view


@transaction.atomic
def delete_view(view: SavedView, *, by: Member) -> None:
    """Only the owner's own are found; deleting twice changes nothing."""
    SavedView.objects.filter(pk=view.pk, member=by).delete()


def _clean_name(name: str) -> str:
    name = clean_line(name)[:60]
    if not name:
        raise Invalid(_("A list needs a name."), fields={"name": [_("Write what you will look for it by.")]})
    return name


def _check_free(is_taken: bool) -> None:
    if is_taken:
        raise Conflict(_("You keep a list of this name. Choose another one."))
