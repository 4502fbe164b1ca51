"""Making a resource out of a conversation: passages, and what those who wrote them say to it (rule 5.2)."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

from django.db import transaction
from django.db.models import Max
from django.utils import timezone
from django.utils.translation import gettext as _

from community.core.errors import Conflict, Invalid
from community.core.permissions import require
from community.core.text import RENDERER_VERSION, Prose, SourceFormat, clean_line, render
from community.core.verbs import Verb
from discussions.actions.nameless import clear_names
from discussions.actions.resource import (
    OPEN_PRESETS,
    ResourceWords,
    add_source,
    create_resource,
    keep_version,
    lock_resource,
    put_resource_entry,
    record_resource,
)
from discussions.actions.topic import clean_prose
from discussions.models import (
    CONSENT_FOR,
    LEAD_LENGTH,
    Consent,
    Part,
    Post,
    Resource,
    ResourceContributor,
    ResourceKind,
    ResourcePassage,
    ResourceRevision,
    ResourceState,
    Space,
    SpacePreset,
    TopicKind,
    visible_space_ids,
)
from discussions.permissions import can_create_resource, can_edit_resource
from members.models import Member

MOST_PASSAGES: Final = 50


@transaction.atomic
def make_resource(
    posts: Sequence[Post],
    *,
    by: Member,
    kind: ResourceKind,
    title: str,
    parts: Mapping[int, Part] | None = None,
    at: datetime | None = None,
) -> Resource:
    """A draft out of posts that the maker may read, each a passage that leads to its source.

    It stands in the space of the posts; words of a closed space stay in it, and those of two closed spaces do not go
    together. `parts` says of posts, by their ids, what their authors did there. Raises `Refused` and `Invalid`.
    """
    posts = _readable(posts, by)
    space = _space_for(posts, by)
    resource = create_resource(space, by=by, words=ResourceWords(kind=kind, title=title), at=at)
    return add_passages(resource, posts, by=by, parts=parts, at=at)


@transaction.atomic
def add_passages(
    resource: Resource,
    posts: Sequence[Post],
    *,
    by: Member,
    parts: Mapping[int, Part] | None = None,
    at: datetime | None = None,
) -> Resource:
    """Take more posts into a draft, or into what is published: there they are seen when their authors agree.

    A post that is in it already stays as it is. Raises `Conflict` while it is in review, `Invalid` for words that may
    not stand in its space.
    """
    resource = lock_resource(resource)
    require(can_edit_resource(by, resource))
    if resource.state == ResourceState.IN_REVIEW:
        raise Conflict(_("This is in review. Wait for the decision, or ask for it back."))
    posts = _readable(posts, by)
    _check_space(posts, resource.space)
    there = resource.passages.aggregate(last=Max("position"))["last"] or 0
    known = set(resource.passages.values_list("post", flat=True))
    new = [post for post in posts if post.pk not in known]
    if len(known) + len(new) > MOST_PASSAGES:
        raise Invalid(
            _("A resource takes {most} passages at most. Choose the best of them.").format(most=MOST_PASSAGES)
        )
    now = at or timezone.now()
    for position, post in enumerate(new, start=there + 1):
        rendered = render(post.source, SourceFormat(post.source_format))
        ResourcePassage.objects.create(
            resource=resource,
            position=position,
            contributor=_contributor(resource, post, by=by, now=now),
            post=post,
            part=(parts or {}).get(post.pk) or usual_part(post),
            source=post.source,
            source_format=post.source_format,
            html=rendered.html,
            renderer_version=RENDERER_VERSION,
        )
        add_source(resource, post.topic)
    if new:
        _changed(resource, now)
        record_resource(
            Verb.RESOURCE_EDITED,
            resource,
            by=by,
            at=at,
            fields=["passages"],
            version=resource.version,
            note="",
        )
    return resource


@transaction.atomic
def edit_passage(
    passage: ResourcePassage, *, by: Member, lead: str, prose: Prose, part: Part, position: int
) -> ResourcePassage:
    """Change what leads to a passage, its place and its part; its words only before their author was asked.

    Raises `Conflict` for words that somebody was asked about: they say yes to what stands there.
    """
    resource = lock_resource(passage.resource)
    require(can_edit_resource(by, resource))
    passage = ResourcePassage.objects.select_related("contributor").get(pk=passage.pk)
    prose = clean_prose(prose)
    lead = clean_line(lead)
    if len(lead) > LEAD_LENGTH:
        sentence = _("This has {length} characters; {limit} are the most.").format(
            length=len(lead), limit=LEAD_LENGTH
        )
        raise Invalid(sentence, fields={"lead": [sentence]})
    contributor = passage.contributor
    is_new = (prose.source, str(prose.source_format)) != (passage.source, passage.source_format)
    if is_new:
        is_own = contributor is not None and contributor.member_id == by.pk
        if not is_own and (contributor is None or contributor.asked_at is not None):
            raise Conflict(
                _(
                    "These words were put to their author, or have none: they stay as they are. Write around them, or "
                    "take the passage out."
                )
            )
        _write_passage(passage, prose)
    passage.lead, passage.part, passage.position = lead, part, position
    now = timezone.now()
    keep_version(resource, by=by, at=now)
    passage.save()
    clear_names(resource, now=now)
    _changed(resource, now, by=by)
    return passage


@transaction.atomic
def delete_passage(passage: ResourcePassage, *, by: Member) -> Resource:
    """Take a passage out; whoever has no other in it is a contributor no longer."""
    resource = lock_resource(passage.resource)
    require(can_edit_resource(by, resource))
    now = timezone.now()
    keep_version(resource, by=by, at=now)
    contributor_id = passage.contributor_id
    ResourcePassage.objects.filter(pk=passage.pk).delete()
    if contributor_id is not None:
        left = ResourceContributor.objects.filter(pk=contributor_id, passages__isnull=True)
        left.exclude(choice=Consent.REFUSED).delete()
    _changed(resource, now, by=by)
    return resource


@transaction.atomic
def ask_contributors(resource: Resource, *, by: Member, at: datetime | None = None) -> Resource:
    """Put their words to those who wrote them. They have five days; who was asked before is not asked again.

    Raises `Conflict` where nobody is left to ask.
    """
    resource = lock_resource(resource)
    require(can_edit_resource(by, resource))
    now = at or timezone.now()
    asked = resource.contributors.filter(choice=Consent.WAITING, asked_at__isnull=True).update(
        asked_at=now, due_at=now + CONSENT_FOR
    )
    if not asked:
        raise Conflict(_("Everybody whose words stand here was asked already."))
    record_resource(Verb.RESOURCE_ASKED, resource, by=by, at=at, contributors=asked)
    return resource


@transaction.atomic
def answer_consent(
    resource: Resource,
    *,
    by: Member,
    choice: Consent,
    words: Mapping[int, Prose] | None = None,
    may_leave: bool = False,
    at: datetime | None = None,
) -> ResourceContributor:
    """Rule 5.2: approve, edit (`words`, by the ids of one's passages), go nameless, or refuse. It can be changed later.

    Refusing takes the passages out at once, of earlier versions too, and is the last word: Raises `Conflict` after it.
    Going nameless takes the name out of all of it. `may_leave`: also where others than the readers of this space read.
    The row of activity names nobody.
    """
    resource = lock_resource(resource)
    contributor = (
        ResourceContributor.objects.select_related("member").filter(resource=resource, member=by).first()
    )
    if contributor is None or resource.space_id not in visible_space_ids(by):
        raise Invalid(_("None of your words stand in this."))
    if contributor.choice == Consent.REFUSED:
        raise Conflict(
            _("You refused, and your words have left this. Write to its owner if that is to change.")
        )
    if choice == Consent.WAITING:
        sentence = _("Choose one of the three.")
        raise Invalid(sentence, fields={"choice": [sentence]})
    now = at or timezone.now()
    if choice == Consent.REFUSED:
        _take_words_out(resource, contributor)
    else:
        _take_edits(resource, contributor, words or {}, now)
    contributor.choice, contributor.answered_at = choice, now
    contributor.may_leave = may_leave and choice != Consent.REFUSED
    contributor.save()
    if choice != Consent.APPROVED:
        clear_names(resource, now=now)
    _changed(resource, now)
    record_resource(Verb.RESOURCE_ANSWERED, resource, by=None, at=at, choice=str(choice))
    return contributor


def usual_part(post: Post) -> Part:
    """Who begins a question asks; whoever writes later answers. That somebody challenged it, the maker says."""
    begins = post.number == 1 and post.topic.kind == TopicKind.QUESTION
    return Part.ASKED if begins else Part.ANSWERED


# --- inside -----------------------------------------------------------------------------------------------------


def _readable(posts: Sequence[Post], by: Member) -> list[Post]:
    """In the order given; `Invalid` where one is not open to the maker, or none is given."""
    seen = (
        Post.objects.visible_to(by)
        .select_related("topic__space", "author")
        .in_bulk([post.pk for post in posts])
    )
    if not posts:
        sentence = _("Choose at least one post.")
        raise Invalid(sentence, fields={"posts": [sentence]})
    if len(seen) != len({post.pk for post in posts}):
        raise Invalid(_("One of these posts is not there any more. Choose again."))
    return [seen[post.pk] for post in dict.fromkeys(posts)]


def _closed(posts: Sequence[Post]) -> dict[int, Space]:
    return {
        post.topic.space_id: post.topic.space for post in posts if post.topic.space.preset not in OPEN_PRESETS
    }


def _space_for(posts: Sequence[Post], by: Member) -> Space:
    closed = _closed(posts)
    if len(closed) > 1:
        raise Invalid(
            _("These posts stand in more than one closed space. Make a resource of each space by itself.")
        )
    if closed:
        return next(iter(closed.values()))
    spaces = {post.topic.space_id: post.topic.space for post in posts}
    first = next(iter(spaces.values()))
    return next((space for space in spaces.values() if can_create_resource(by, space)), first)


def _check_space(posts: Sequence[Post], space: Space) -> None:
    strangers = [closed for pk, closed in _closed(posts).items() if pk != space.pk]
    if strangers:
        raise Invalid(
            _("What is written in {closed} stays there. Make a resource of its own in that space.").format(
                closed=strangers[0].name
            )
        )
    nobody = any(post.author_id is None for post in posts)
    if nobody and space.preset == SpacePreset.CONFIDENTIAL:
        raise Invalid(_("A post that names nobody cannot be quoted: there is nobody who could agree."))


def _contributor(resource: Resource, post: Post, *, by: Member, now: datetime) -> ResourceContributor | None:
    if post.author_id is None:
        return None
    own = post.author_id == by.pk
    row, _is_new = ResourceContributor.objects.get_or_create(
        resource=resource,
        member_id=post.author_id,
        defaults={
            "choice": Consent.APPROVED if own else Consent.WAITING,
            "answered_at": now if own else None,
            "may_leave": own,
        },
    )
    if row.choice == Consent.REFUSED:
        raise Invalid(_("Somebody among the authors does not want to be quoted here. Choose other posts."))
    if not own and row.choice != Consent.WAITING:
        # They answered about other words than these.
        row.choice, row.answered_at, row.may_leave = Consent.WAITING, None, False
    if not own and row.choice == Consent.WAITING:
        row.asked_at = row.due_at = None
        row.save()
    return row


def _write_passage(passage: ResourcePassage, prose: Prose) -> None:
    passage.source, passage.source_format = prose.source, prose.source_format
    passage.html = render(prose.source, prose.source_format).html
    passage.renderer_version = RENDERER_VERSION


def _take_edits(
    resource: Resource, contributor: ResourceContributor, words: Mapping[int, Prose], now: datetime
) -> None:
    own = contributor.passages.in_bulk(list(words))
    changed = [
        (passage, prose)
        for pk, passage in own.items()
        for prose in [clean_prose(words[pk])]
        if (prose.source, str(prose.source_format)) != (passage.source, passage.source_format)
    ]
    if changed:
        keep_version(resource, by=None, at=now)
    for passage, prose in changed:
        _write_passage(passage, prose)
        passage.save()


def _take_words_out(resource: Resource, contributor: ResourceContributor) -> None:
    gone = set(contributor.passages.values_list("pk", flat=True))
    contributor.passages.all().delete()
    for revision in ResourceRevision.objects.filter(resource=resource):
        kept = [row for row in revision.passages if row["id"] not in gone]
        if len(kept) != len(revision.passages):
            revision.passages = kept
            revision.save(update_fields=["passages"])


def _changed(resource: Resource, now: datetime, *, by: Member | None = None) -> None:
    """A version more; of what contributors do, nobody is named as its editor."""
    resource.version += 1
    resource.edited_at, resource.edited_by, resource.edit_note = now, by, ""
    resource.save(update_fields=["version", "edited_at", "edited_by", "edit_note"])
    if resource.state == ResourceState.PUBLISHED:
        put_resource_entry(resource)
