"""Lists that a member keeps under a name. They are their owner's alone, so no activity tells of them (rule 3.17)."""

from typing import Final

from django.db import transaction
from django.utils.translation import gettext as _

from community.core.errors import Conflict, Invalid
from community.core.permissions import require
from community.core.text import clean_line
from discussions.filters import read_query
from discussions.models import SavedView, visible_spaces
from members.models import Member
from members.permissions import is_admitted

MOST_VIEWS: Final = 20


@transaction.atomic
def save_view(*, by: Member, name: str, query: str, is_digest: bool = False) -> SavedView:
    """Keep a list under a name. `query` is the part of its address behind the question mark.

    A list of a space that is closed to the member by now is not shown to them and gives its name away. Raises `Invalid`
    without a name or with a space that is not there, `Conflict` for a name that is taken and for one view too many.
    """
    require(is_admitted(by))
    name, wanted = _clean_name(name), read_query(query)
    if wanted.space and wanted.space not in {space.slug for space in visible_spaces(by)}:
        raise Invalid(_("There is no space “{name}” that you can read.").format(name=wanted.space))
    # The lock makes the count true for two requests at once.
    Member.objects.select_for_update(no_key=True).get(pk=by.pk)
    kept = SavedView.objects.visible_to(by)
    _give_way(by, name)
    if kept[MOST_VIEWS - 1 :].exists():
        raise Conflict(_("You keep {limit} lists. Delete one that you do not use.").format(limit=MOST_VIEWS))
    return SavedView.objects.create(member=by, name=name, query=wanted.query(), is_digest=is_digest)


@transaction.atomic
def edit_view(view: SavedView, *, by: Member, name: str, is_digest: bool) -> SavedView:
    """Rename a list, and say whether the digest brings what is new in it. Raises as `save_view`."""
    view = SavedView.objects.select_for_update().get(pk=view.pk, member=by)
    view.name, view.is_digest = _clean_name(name), is_digest
    _give_way(by, view.name, but=view.pk)
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


def _give_way(member: Member, name: str, *, but: int = 0) -> None:
    """Free a name of one's own. Raises `Conflict` where a list that one sees has it."""
    others = SavedView.objects.exclude(pk=but).filter(member=member, name=name)
    if others.visible_to(member).exists():
        raise Conflict(_("You keep a list of this name. Choose another one."))
    others.delete()
