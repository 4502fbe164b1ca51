"""Taking names out: whoever does not want to be named in a resource is named nowhere in it (rule 5.2)."""

import html as entities
import re
from collections.abc import Callable, Sequence
from datetime import datetime

from django.utils.translation import gettext as _

from community.core.text import RENDERER_VERSION, SourceFormat, render
from discussions.models import Post, Resource, ResourceRevision
from members.models import Member


def clear_names(resource: Resource, *, now: datetime) -> None:
    """Take out the names of all who have not said yes to theirs: nameless, refused, or silent for five days.

    Belongs behind each change of the words, under the lock of the resource.
    """
    for contributor in resource.contributors.select_related("member"):
        if not contributor.is_named and not contributor.is_waited_for(now):
            take_name_out(resource, contributor.member)


def take_name_out(resource: Resource, member: Member) -> None:
    """Whoever goes nameless is named nowhere: not in titles, words around theirs, words of others, or versions.

    Their name as it is written, their handle, and links to their posts; what describes somebody otherwise, no program
    finds: the page says so where they choose.
    """
    posts = Post.objects.filter(resource_passages__resource=resource, author=member).values_list(
        "pk", flat=True
    )
    clear = _clearing(member, list(posts))
    resource.title = clear(resource.title)[:200]
    for name in ("summary", "source", "dissent"):
        setattr(resource, name, clear(getattr(resource, name)))
    resource.html = render(resource.source, SourceFormat(resource.source_format)).html
    resource.edit_note = clear(resource.edit_note)[:200]
    resource.save()
    for passage in resource.passages.all():
        before = (passage.lead, passage.source)
        passage.lead = clear(passage.lead)
        passage.source = clear(passage.source)
        passage.html = render(passage.source, SourceFormat(passage.source_format)).html
        passage.renderer_version = RENDERER_VERSION
        if (passage.lead, passage.source) != before:
            passage.save()
    for revision in ResourceRevision.objects.filter(resource=resource):
        revision.title, revision.note = clear(revision.title)[:200], clear(revision.note)[:200]
        revision.source, revision.dissent = clear(revision.source), clear(revision.dissent)
        revision.passages = [{**row, "words": clear(row["words"])} for row in revision.passages]
        revision.save()


def _clearing(member: Member, post_ids: Sequence[int]) -> Callable[[str], str]:
    """Replaces the name in both spellings that stored words may have, the handle, and links to the posts."""
    names = {member.display_name, entities.escape(member.display_name)}
    pieces = [rf"(?<!\w){re.escape(name)}(?!\w)" for name in names if name.strip()]
    if member.handle:
        pieces.append(rf"@{re.escape(member.handle)}(?![\w-])")
    found = re.compile("|".join(pieces), re.IGNORECASE)
    links = [re.compile(rf"/posts/{pk}/") for pk in post_ids]
    somebody = _("a member")

    def clear(text: str) -> str:
        for link in links:
            text = link.sub("/library/", text)
        return found.sub(somebody, text)

    return clear
