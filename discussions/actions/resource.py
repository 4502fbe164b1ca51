"""Writing, handing in, publishing, changing, retiring and using what is in the library (rules 5.1, 5.3 and 5.4)."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import partial
from typing import Any, Final

from celery import shared_task
from django.core.exceptions import ValidationError
from django.core.validators import URLValidator
from django.db import transaction
from django.db.models import F, Max, Q
from django.utils import timezone
from django.utils.translation import gettext as _

from community.core.activity import record
from community.core.broker import enqueue
from community.core.errors import Conflict, Invalid
from community.core.idempotency import claim
from community.core.models import Audience, Module, SearchKind, is_in_use
from community.core.permissions import require
from community.core.search import put_entry, remove_entry
from community.core.text import (
    RENDERER_VERSION,
    Prose,
    SourceFormat,
    clean_line,
    clean_source,
    plain_text,
    render,
    source_problem,
)
from community.core.verbs import Verb
from discussions.actions.attachment import claim_attachments
from discussions.actions.file_text import forget_files_of_resource, read_files
from discussions.actions.nameless import clear_names
from discussions.actions.resource_notice import tell_owner_of_review
from discussions.actions.topic import clean_title, create_topic
from discussions.models import (
    REVIEW_AFTER,
    SUMMARY_LENGTH,
    Consent,
    Outcome,
    Part,
    Resource,
    ResourceKind,
    ResourceOutcome,
    ResourcePassage,
    ResourceReader,
    ResourceRevision,
    ResourceSource,
    ResourceState,
    Space,
    SpacePreset,
    SpaceRules,
    Topic,
    TopicKind,
)
from discussions.permissions import (
    can_create_resource,
    can_create_topic,
    can_edit_resource,
    can_move_resource,
    can_retire_resource,
    can_review_resource,
    can_say_outcome,
    can_see_space,
)
from members.models import Employment, Member

LINK_LENGTH: Final = 500
NOTE_LENGTH: Final = 200
DISSENT_LENGTH: Final = 5_000
REASON_LENGTH: Final = 300
#: What is read by all members: words from there may be put together.
OPEN_PRESETS: Final = (SpacePreset.OPEN, SpacePreset.READ_ONLY)
REMIND_BATCH: Final = 200
# The job comes every hour; a worker that stood still catches up.
_LATE: Final = timedelta(hours=12)


@dataclass(frozen=True, slots=True)
class ResourceWords:
    """What its owner writes in a resource: all of it. `prose` is None where there is nothing but passages or a link."""

    kind: ResourceKind
    title: str
    summary: str = ""
    link: str = ""
    prose: Prose | None = None
    dissent: str = ""
    is_undisputed: bool = False
    review_on: date | None = None


@transaction.atomic
def create_resource(
    space: Space,
    *,
    by: Member,
    words: ResourceWords,
    topic: Topic | None = None,
    idempotency_key: str | None = None,
    at: datetime | None = None,
) -> Resource:
    """Begin a draft. `topic` is the thread it belongs to; without one, publishing opens a thread.

    Raises `Refused`, and `Invalid` with the field's name. The same idempotency key gives back the same resource.
    """
    require(can_create_resource(by, space))
    claimed = claim(
        idempotency_key, by=by, action="create_resource", request={"space": space.pk, "title": words.title}
    )
    if claimed.target_id is not None:
        return Resource.objects.select_related("space", "owner").get(pk=claimed.target_id)
    now = at or timezone.now()
    resource = Resource(
        space=space, owner=by, created_at=now, edited_at=now, edited_by=by, renderer_version=RENDERER_VERSION
    )
    html = _write(resource, words)
    resource.save()
    claim_attachments(html, by=by, resource_id=resource.pk)
    if topic is not None:
        add_source(resource, topic)
    record_resource(Verb.RESOURCE_CREATED, resource, by=by, at=at, kind=str(resource.kind), passages=0)
    claimed.settle(resource.pk)
    return resource


@transaction.atomic
def edit_resource(
    resource: Resource,
    *,
    by: Member,
    words: ResourceWords,
    version: int,
    note: str = "",
    at: datetime | None = None,
) -> Resource:
    """Change it. What was published stays as a version, with the note that readers see.

    `version` is the one the editor started from: raises `Conflict` where somebody saved meanwhile.
    """
    resource = lock_resource(resource)
    require(can_edit_resource(by, resource))
    if resource.version != version:
        raise Conflict(_("Somebody saved this while you were writing. Compare, and save again."))
    now = at or timezone.now()
    keep_version(resource, by=by, at=now)
    before = {name: getattr(resource, name) for name in _FIELDS}
    html = _write(resource, words)
    changed = [name for name in _FIELDS if getattr(resource, name) != before[name]]
    resource.edit_note, resource.edited_at, resource.edited_by = clean_line(note)[:NOTE_LENGTH], now, by
    resource.version += 1
    resource.save()
    clear_names(resource, now=now)
    claim_attachments(html, by=by, resource_id=resource.pk)
    if resource.state == ResourceState.PUBLISHED:
        put_resource_entry(resource)
        transaction.on_commit(partial(enqueue, read_files))
    record_resource(
        Verb.RESOURCE_EDITED,
        resource,
        by=by,
        at=at,
        fields=changed,
        version=resource.version,
        note=resource.edit_note,
    )
    return resource


@transaction.atomic
def submit_resource(resource: Resource, *, by: Member, at: datetime | None = None) -> Resource:
    """Hand in a draft. Raises `Conflict` where it is handed in already, `Invalid` for what has nothing in it."""
    resource = lock_resource(resource)
    require(can_edit_resource(by, resource))
    if resource.state != ResourceState.DRAFT:
        raise Conflict(_("This was handed in already."))
    _check_content(resource)
    resource.submitted_at, resource.return_reason = at or timezone.now(), ""
    resource.save(update_fields=["submitted_at", "return_reason"])
    record_resource(Verb.RESOURCE_SUBMITTED, resource, by=by, at=at)
    return resource


@transaction.atomic
def return_resource(resource: Resource, *, by: Member, reason: str) -> Resource:
    """Give it back to its owner, with what is to be changed. Every word of it stays."""
    resource = lock_resource(resource)
    require(can_review_resource(by, resource))
    if resource.state != ResourceState.IN_REVIEW:
        raise Conflict(_("This is not waiting for anybody."))
    reason = _reason(reason, _("Say in a sentence what is to be changed."), longest=500)
    resource.submitted_at, resource.return_reason = None, reason
    resource.save(update_fields=["submitted_at", "return_reason"])
    record_resource(Verb.RESOURCE_RETURNED, resource, by=by, counterpart_id=resource.owner_id, reason=reason)
    return resource


@transaction.atomic
def publish_resource(resource: Resource, *, by: Member, at: datetime | None = None) -> Resource:
    """Put it into the library: everybody who reads its space finds it, and whoever contributed hears of it.

    Rule 5.2: not before everybody who was asked has answered or their five days are over (`Conflict`), and not without
    a word about who saw it otherwise (`Invalid`). Rule 5.3: without a thread of its own, one is opened.
    """
    resource = lock_resource(resource)
    require(can_review_resource(by, resource))
    if resource.published_at is not None:
        raise Conflict(_("This is published already."))
    now = at or timezone.now()
    _check_content(resource)
    _check_contributors(resource, now)
    _check_dissent(resource)
    resource.submitted_at = resource.submitted_at or now
    resource.published_at, resource.published_by = now, by
    resource.review_on = resource.review_on or (now + REVIEW_AFTER).date()
    resource.save()
    clear_names(resource, now=now)
    if resource.topic_id is None:
        _give_thread(resource, by=by, at=at)
    put_resource_entry(resource)
    transaction.on_commit(partial(enqueue, read_files))
    record_resource(
        Verb.RESOURCE_PUBLISHED,
        resource,
        by=by,
        at=at,
        counterpart_id=resource.owner_id,
        kind=str(resource.kind),
        topic_id=resource.topic_id,
        source_topic_ids=list(resource.sources.order_by("pk").values_list("topic", flat=True)),
    )
    return resource


@transaction.atomic
def review_resource(resource: Resource, *, by: Member, review_on: date | None = None) -> Resource:
    """Rule 5.1: it is still right. The next look is on `review_on`, or after a year."""
    resource = lock_resource(resource)
    require(can_edit_resource(by, resource))
    if resource.state != ResourceState.PUBLISHED:
        raise Conflict(_("Only what is published is looked through."))
    resource.review_on = _checked_review(review_on) or (timezone.now() + REVIEW_AFTER).date()
    resource.reminded_at = None
    resource.save(update_fields=["review_on", "reminded_at"])
    record_resource(Verb.RESOURCE_REVIEWED, resource, by=by, review_on=resource.review_on.isoformat())
    return resource


@transaction.atomic
def retire_resource(resource: Resource, *, by: Member, reason: str) -> Resource:
    """Take it out of the library and the search. Whoever has its address reads why, and what it said."""
    resource = lock_resource(resource)
    require(can_retire_resource(by, resource))
    if resource.state != ResourceState.PUBLISHED:
        raise Conflict(_("Only what is published is retired."))
    resource.retire_reason = _reason(reason, _("Say in a sentence why; readers see it."))
    resource.retired_at = timezone.now()
    resource.save(update_fields=["retire_reason", "retired_at"])
    remove_entry(target_type="resource", target_id=resource.pk)
    forget_files_of_resource(resource.pk)
    record_resource(Verb.RESOURCE_RETIRED, resource, by=by, reason=resource.retire_reason)
    return resource


@transaction.atomic
def restore_resource(resource: Resource, *, by: Member) -> Resource:
    """Bring a retired one back."""
    resource = lock_resource(resource)
    require(can_retire_resource(by, resource))
    if resource.state != ResourceState.RETIRED:
        raise Conflict(_("This is not retired."))
    resource.retired_at, resource.retire_reason = None, ""
    resource.save(update_fields=["retired_at", "retire_reason"])
    put_resource_entry(resource)
    transaction.on_commit(partial(enqueue, read_files))
    record_resource(Verb.RESOURCE_RESTORED, resource, by=by)
    return resource


@transaction.atomic
def move_resource(resource: Resource, space: Space, *, by: Member, reason: str) -> Resource:
    """A manager's decision who may read it.

    What was made of words of a closed space leaves it only where everybody whose words it holds has said that they
    may: silence is no yes, and words that name nobody have nobody who could say it (`Refused` by `Conflict`).
    """
    resource = lock_resource(resource)
    require(can_move_resource(by, resource))
    require(can_see_space(by, space))
    if space.pk == resource.space_id:
        return resource
    reason = _reason(reason, _("Say in a sentence why others may read it; it is kept in the record."))
    if resource.space.preset not in OPEN_PRESETS:
        holding = ResourcePassage.objects.filter(resource=resource)
        if holding.exclude(contributor__may_leave=True).exists():
            raise Conflict(
                _(
                    "Not everybody whose words stand here has said that they may leave {space}. Ask them, or take "
                    "their passages out."
                ).format(space=resource.space.name)
            )
    before = resource.space_id
    resource.space = space
    resource.save(update_fields=["space"])
    if resource.state == ResourceState.PUBLISHED:
        put_resource_entry(resource)
        forget_files_of_resource(resource.pk)
        transaction.on_commit(partial(enqueue, read_files))
    resource.collection_items.exclude(collection__space=space).delete()
    record_resource(Verb.RESOURCE_MOVED, resource, by=by, from_space_id=before, reason=reason)
    return resource


@transaction.atomic
def link_topic(resource: Resource, topic: Topic, *, by: Member) -> Resource:
    """Rule 5.3: say that a thread belongs to it; both lead to each other from now on."""
    resource = lock_resource(resource)
    require(can_edit_resource(by, resource))
    if not Topic.objects.visible_to(by).filter(pk=topic.pk).exists():
        raise Invalid(_("There is no such topic here. Copy the address of the other one."))
    add_source(resource, topic)
    return resource


@transaction.atomic
def catch_up(resource: Resource, *, by: Member) -> Resource:
    """Rule 5.2: the new replies were read, and the resource is as right as before."""
    resource = lock_resource(resource)
    require(can_edit_resource(by, resource))
    for source in resource.sources.select_related("topic"):
        source.seen_number = source.topic.last_number
        source.save(update_fields=["seen_number"])
    return resource


@transaction.atomic
def say_outcome(resource: Resource, outcome: Outcome, *, by: Member, at: datetime | None = None) -> Resource:
    """Rule 5.4: "used it", "changed my decision"; each once, and saying it again changes nothing."""
    resource = lock_resource(resource)
    require(can_say_outcome(by, resource))
    _row, is_new = ResourceOutcome.objects.get_or_create(
        resource=resource, member=by, outcome=outcome, defaults={"created_at": at or timezone.now()}
    )
    if is_new:
        _count(resource, outcome, 1)
        record_resource(
            Verb.RESOURCE_OUTCOME_GIVEN,
            resource,
            by=by,
            at=at,
            counterpart_id=resource.owner_id,
            outcome=str(outcome),
        )
    return resource


@transaction.atomic
def unsay_outcome(resource: Resource, outcome: Outcome, *, by: Member) -> Resource:
    """Take it back; without one nothing changes."""
    resource = lock_resource(resource)
    require(can_say_outcome(by, resource))
    gone, _kinds = ResourceOutcome.objects.filter(resource=resource, member=by, outcome=outcome).delete()
    if gone:
        _count(resource, outcome, -1)
        record_resource(
            Verb.RESOURCE_OUTCOME_WITHDRAWN,
            resource,
            by=by,
            counterpart_id=resource.owner_id,
            outcome=str(outcome),
        )
    return resource


def note_reader(resource: Resource, *, by: Member, downloads: bool = False) -> None:
    """Rule 5.4: count a reader once, with the company and the role of the first time. At most two statements."""
    if resource.published_at is None or resource.owner_id == by.pk:
        return
    known = ResourceReader.objects.filter(resource=resource, member=by)
    row = known.values_list("downloaded_at", flat=True).first()
    if row is None and not known.exists():
        now = timezone.now()
        company = Employment.objects.current().filter(member=by).values_list("organisation", flat=True)
        ResourceReader.objects.bulk_create(
            [
                ResourceReader(
                    resource=resource,
                    member=by,
                    organisation_id=company.first(),
                    was_staff=by.is_staff,
                    read_at=now,
                    downloaded_at=now if downloads else None,
                )
            ],
            ignore_conflicts=True,
        )
    elif downloads and row is None:
        known.filter(downloaded_at__isnull=True).update(downloaded_at=timezone.now())


@shared_task(name="discussions.tend_library")
def tend_library() -> int:
    """Find owners of what is to be looked at again, once for each date; and put into the search what five days of
    silence have let in. Safe to run twice; returns how many owners are to be told.
    """
    if not is_in_use(Module.LIBRARY):
        return 0
    now = timezone.now()
    for resource in (
        Resource.objects.published()
        .filter(
            contributors__choice=Consent.WAITING,
            contributors__due_at__lte=now,
            contributors__due_at__gt=now - _LATE,
        )
        .distinct()
    ):
        put_resource_entry(resource)
    with transaction.atomic():
        due = list(
            Resource.objects.stale()
            .filter(reminded_at__isnull=True)
            .select_for_update(skip_locked=True, of=("self",))
            .order_by("review_on")[:REMIND_BATCH]
        )
        for resource in due:
            resource.reminded_at = now
            resource.save(update_fields=["reminded_at"])
            tell_owner_of_review(resource, at=now)
    return len(due)


# --- what the other actions of the library share ---------------------------------------------------------------


def lock_resource(resource: Resource) -> Resource:
    """Its row under its lock, with its space and owner of now."""
    locked = Resource.objects.select_for_update(of=("self",)).get(pk=resource.pk)
    locked.space = Space.objects.get(pk=locked.space_id)
    locked.owner = Member.objects.get(pk=locked.owner_id)
    return locked


def add_source(resource: Resource, topic: Topic) -> None:
    """The thread and the resource lead to each other; the first one is where it is talked about."""
    ResourceSource.objects.get_or_create(
        resource=resource, topic=topic, defaults={"seen_number": topic.last_number}
    )
    if resource.topic_id is None:
        resource.topic = topic
        resource.save(update_fields=["topic"])


@transaction.atomic
def follow_merge(topic_id: int, into_id: int) -> None:
    """Two threads have become one: what was made of the first belongs to what is left. Safe to run twice."""
    into = Topic.objects.filter(pk=into_id).first()
    if into is None:
        return
    there = ResourceSource.objects.filter(topic=into).values("resource")
    moved = ResourceSource.objects.filter(topic=topic_id)
    moved.filter(resource__in=there).delete()
    moved.update(topic=into, seen_number=into.last_number)
    Resource.objects.filter(topic=topic_id).update(topic=into)


def shown_passages(resource: Resource, *, now: datetime | None = None) -> list[ResourcePassage]:
    """Those that all its readers see: of who was asked and has not answered, none before the five days are over, and
    none of a thread that went where some of them do not read."""
    now = now or timezone.now()
    passages = resource.passages.for_all_in(resource.space).select_related(
        "contributor__member", "post__topic"
    )
    return [
        passage
        for passage in passages
        if passage.contributor is None or not passage.contributor.is_waited_for(now)
    ]


def keep_version(resource: Resource, *, by: Member | None, at: datetime) -> None:
    """What readers have seen, before it changes. Drafts leave no versions: what is refused leaves with them."""
    if resource.published_at is None:
        return
    ResourceRevision.objects.create(
        resource=resource,
        version=resource.version,
        title=resource.title,
        source=resource.source,
        source_format=resource.source_format,
        dissent=resource.dissent,
        passages=[
            {"id": passage.pk, "words": plain_text(passage.html)} for passage in shown_passages(resource)
        ],
        note=resource.edit_note,
        edited_by=resource.edited_by,
        edited_at=resource.edited_at,
    )


def put_resource_entry(resource: Resource) -> None:
    """What it is found by: everything readers see of it."""
    pieces = [resource.summary, plain_text(resource.html), resource.dissent]
    for passage in shown_passages(resource):
        pieces += [passage.lead, plain_text(passage.html)]
    put_entry(
        SearchKind.RESOURCE,
        target_type="resource",
        target_id=resource.pk,
        title=resource.title,
        text="\n".join(filter(None, pieces)),
        space_id=resource.space_id,
        author_id=resource.owner_id,
        at=resource.published_at or resource.created_at,
    )


def follow_threads(threads: Q) -> None:
    """After threads moved, or others read them than before: what was made of them is found by what its readers see.

    `threads` is a condition on topics.
    """
    moved = Topic.objects.filter(threads)
    made = ResourcePassage.objects.filter(post__topic__in=moved).values("resource")
    for resource in Resource.objects.published().filter(pk__in=made).select_related("space"):
        put_resource_entry(resource)


def record_resource(
    verb: Verb,
    resource: Resource,
    *,
    by: Member | None,
    at: datetime | None = None,
    counterpart_id: int | None = None,
    **data: Any,
) -> None:
    """Before it is published it is its owner's, its contributors' and its reviewers' alone."""
    record(
        verb,
        by=by,
        at=at,
        target=resource,
        audience=Audience.SPACE if resource.published_at else Audience.MEMBER,
        counterpart_id=counterpart_id if by is None or counterpart_id != by.pk else None,
        space_id=resource.space_id,
        **data,
    )


# --- inside -----------------------------------------------------------------------------------------------------

_FIELDS: Final = (
    "kind", "title", "summary", "link", "source", "source_format", "dissent", "is_undisputed", "review_on",
)  # fmt: skip


def _write(resource: Resource, words: ResourceWords) -> str:
    """Put the checked words into the row; returns their HTML."""
    resource.kind, resource.title = words.kind, clean_title(words.title)
    resource.summary = _fits(clean_line(words.summary), "summary", SUMMARY_LENGTH)
    resource.link = _checked_link(words.link)
    if words.kind == ResourceKind.LINK and not resource.link:
        sentence = _("A link needs the address it leads to.")
        raise Invalid(sentence, fields={"link": [sentence]})
    resource.dissent = _fits(clean_source(words.dissent).strip(), "dissent", DISSENT_LENGTH)
    resource.is_undisputed = words.is_undisputed and not resource.dissent
    if words.review_on != resource.review_on:
        day = _checked_review(words.review_on)
        # What is published is looked at again: no day leaves the one that was set.
        resource.review_on = resource.review_on if day is None and resource.published_at else day
    prose = words.prose or Prose("", SourceFormat.MARKDOWN)
    source = clean_source(prose.source)
    if source.strip():
        problem = source_problem(source, prose.source_format)
        if problem is not None:
            raise Invalid(problem, fields={"body": [problem]})
    rendered = render(source, prose.source_format)
    resource.source, resource.source_format = source, prose.source_format
    resource.html, resource.renderer_version = rendered.html, RENDERER_VERSION
    return rendered.html


def _fits(text: str, field: str, longest: int) -> str:
    if len(text) > longest:
        sentence = _("This has {length} characters; {limit} are the most.").format(
            length=len(text), limit=longest
        )
        raise Invalid(sentence, fields={field: [sentence]})
    return text


def _checked_link(value: str) -> str:
    link = clean_line(value)
    if not link:
        return ""
    try:
        URLValidator(schemes=["http", "https"])(link)
    except ValidationError as error:
        sentence = _("This is no address of a page: it begins with https:// or http://.")
        raise Invalid(sentence, fields={"link": [sentence]}) from error
    return _fits(link, "link", LINK_LENGTH)


def _checked_review(day: date | None) -> date | None:
    if day is not None and day <= timezone.now().date():
        sentence = _("The next look lies ahead: choose a day after today.")
        raise Invalid(sentence, fields={"review_on": [sentence]})
    return day


def _reason(text: str, missing: str, *, longest: int = REASON_LENGTH) -> str:
    reason = clean_line(text)
    if not reason:
        raise Invalid(missing, fields={"reason": [missing]})
    return _fits(reason, "reason", longest)


def _check_content(resource: Resource) -> None:
    if not resource.source.strip() and not resource.link and not resource.passages.exists():
        sentence = _(
            "There is nothing here yet. Write something, name a link, or take passages from a thread."
        )
        raise Invalid(sentence, fields={"body": [sentence]})


def _check_contributors(resource: Resource, now: datetime) -> None:
    contributors = resource.contributors.filter(choice=Consent.WAITING, passages__isnull=False)
    if contributors.filter(asked_at__isnull=True).exists():
        raise Conflict(_("Not all contributors were asked about their words. Ask them first."))
    last = contributors.filter(due_at__gt=now).aggregate(last=Max("due_at"))["last"]
    if last is not None:
        day = timezone.localtime(last)
        raise Conflict(
            _(
                "Contributors still have until {day} to answer. It can be published then, or when all have."
            ).format(day=f"{day:%Y-%m-%d %H:%M}")
        )


def _check_dissent(resource: Resource) -> None:
    """Rule 5.2: made from a conversation, it says who saw it otherwise, or that nobody did."""
    if not resource.passages.exists() or resource.dissent or resource.is_undisputed:
        return
    if not resource.passages.filter(part=Part.CHALLENGED).exists():
        sentence = _("Say who saw it otherwise, or that nobody in the thread did.")
        raise Invalid(sentence, fields={"dissent": [sentence]})


def _give_thread(resource: Resource, *, by: Member, at: datetime | None) -> None:
    """Rule 5.3: every resource has its thread. By its owner, where they may write there, or by who publishes it."""
    kinds = [
        kind for kind in (TopicKind.DISCUSSION, TopicKind.QUESTION) if kind in resource.space.topic_kinds
    ]
    writer = next((who for who in (resource.owner, by) if can_create_topic(who, resource.space)), None)
    if not kinds or writer is None:
        return
    needs_tag = SpaceRules.objects.filter(space=resource.space, needs_tag=True).exists()
    topic = create_topic(
        resource.space,
        by=writer,
        kind=kinds[0],
        title=resource.title,
        prose=Prose(
            _("What do you make of this? It stands in the library: {url}").format(
                url=resource.get_absolute_url()
            ),
            SourceFormat.MARKDOWN,
        ),
        tags=[_("library")] if needs_tag else (),
        has_looked=True,
        at=at,
    )
    add_source(resource, topic)


def _count(resource: Resource, outcome: Outcome, change: int) -> None:
    Resource.objects.filter(pk=resource.pk).update(**{outcome.counter: F(outcome.counter) + change})
    setattr(resource, outcome.counter, getattr(resource, outcome.counter) + change)
