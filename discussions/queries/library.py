"""The pages of the library. Who is named beside words is said in one place here, `_credit`, and nowhere else."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import Final

from django.db.models import Count, Exists, F, OuterRef, Q, Sum
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from community.core.diff import diff_words
from community.core.keyset import read_time_key, split_page, time_key, with_query
from community.core.models import SearchMiss
from community.core.moments import Clock
from community.core.text import SourceFormat, excerpt, plain_text, render
from discussions.actions.contribution import usual_part
from discussions.models import (
    Attachment,
    Collection,
    CollectionItem,
    Consent,
    Outcome,
    Part,
    Post,
    Resource,
    ResourceContributor,
    ResourceKind,
    ResourceOutcome,
    ResourcePassage,
    ResourceReader,
    ResourceSource,
    ResourceState,
    Space,
    SpacePreset,
    Topic,
    TopicKind,
    visible_space_ids,
    visible_spaces,
)
from discussions.permissions import (
    can_create_resource,
    can_curate,
    can_edit_collection,
    can_look_after_library,
    moderates,
)
from discussions.queries.history import NOBODY
from discussions.queries.rows import Level, Link, RevisionRow, Row
from discussions.queries.topic import readable_by
from members.models import Member, RoleName

RESOURCES_PER_PAGE: Final = 20
COLLECTIONS_SHOWN: Final = 30
LIST_LENGTH: Final = 100
#: Each has a box and a part, and no request of ours has more than a hundred parameters.
CHOICES: Final = 40
WANTED: Final = 30
#: So long a question has stood without an answer before it is content that is missing.
UNANSWERED_FOR: Final = timedelta(days=7)
MISSES_OF: Final = timedelta(days=90)
#: Rule 14.6: groups under five people are not shown.
FEWEST: Final = 5
BALANCE_OF: Final = timedelta(days=90)


@dataclass(frozen=True, slots=True)
class ResourceRow(Row):
    """A resource in a list."""

    id: int
    title: str
    url: str
    kind_label: str
    summary: str
    space_name: str
    owner_name: str
    state_label: str
    note: str
    when_relative: str
    when_iso: str
    when_exact: str


@dataclass(frozen=True, slots=True)
class CollectionRow(Row):
    name: str
    url: str
    why: str
    curator_name: str
    count_label: str


@dataclass(frozen=True, slots=True)
class LibraryPage(Row):
    resources: list[ResourceRow]
    collections: list[CollectionRow]
    kinds: list[Level]
    older_url: str
    create_url: str
    wanted_url: str
    desk_url: str
    collect_url: str


@dataclass(frozen=True, slots=True)
class PassageRow(Row):
    """Words out of a post. `credit` is '' where nobody is named; `source_url` is '' where it would name somebody."""

    id: int
    anchor: str
    lead: str
    html: SafeString | str
    credit: str
    credit_url: str
    part_label: str
    source_url: str
    source_label: str
    is_challenge: bool
    edit_url: str
    state_label: str


@dataclass(frozen=True, slots=True)
class ContributorRow(Row):
    name: str
    url: str
    parts_label: str


@dataclass(frozen=True, slots=True)
class SourceRow(Row):
    title: str
    url: str
    moved_label: str
    new_url: str


@dataclass(frozen=True, slots=True)
class OutcomeRow(Row):
    label: str
    value: str
    url: str
    is_said: bool
    count_label: str


@dataclass(frozen=True, slots=True)
class ResourcePage(Row):
    """A resource as its reader sees it, with the acts open to this reader ('' where one is not)."""

    id: int
    title: str
    url: str
    kind_label: str
    state: str
    state_label: str
    summary: str
    link: str
    html: SafeString
    dissent: str
    is_undisputed: bool
    passages: list[PassageRow]
    challenges: list[PassageRow]
    contributors: list[ContributorRow]
    nameless_label: str
    editors: list[Link]
    sources: list[SourceRow]
    files: list[Link]
    collections: list[Link]
    outcomes: list[OutcomeRow]
    owner: Link
    space_name: str
    space_url: str
    readable_by: str
    version: int
    when_iso: str
    when_relative: str
    when_exact: str
    review_label: str
    is_stale: bool
    retire_reason: str
    return_reason: str
    waiting: list[str]
    may_edit: bool
    consent_url: str
    ask_url: str
    submit_url: str
    publish_url: str
    return_url: str
    retire_url: str
    restore_url: str
    review_url: str
    catch_up_url: str
    move_url: str
    figures_url: str
    moved_on: bool


@dataclass(frozen=True, slots=True)
class WantedRow(Row):
    title: str
    url: str
    note: str
    write_url: str


@dataclass(frozen=True, slots=True)
class WantedPage(Row):
    questions: list[WantedRow]
    searches: list[WantedRow]


@dataclass(frozen=True, slots=True)
class DeskPage(Row):
    waiting: list[ResourceRow]
    stale: list[ResourceRow]
    mine: list[ResourceRow]
    balance: str


@dataclass(frozen=True, slots=True)
class PostChoice(Row):
    """A post to take a passage from."""

    id: int
    number: int
    author_name: str
    excerpt: str
    part: str


@dataclass(frozen=True, slots=True)
class FigureRow(Row):
    label: str
    readers: int
    downloads: int


@dataclass(frozen=True, slots=True)
class FiguresPage(Row):
    """Rule 5.4. `readers_label` is a sentence where there are too few for a number."""

    readers_label: str
    rows: list[FigureRow]
    outcomes: list[str]


@dataclass(frozen=True, slots=True)
class CollectionItemRow(Row):
    title: str
    url: str
    kind_label: str
    summary: str
    why: str
    remove_value: int


@dataclass(frozen=True, slots=True)
class CollectionPage(Row):
    name: str
    why: str
    url: str
    curator: Link
    space_name: str
    space_url: str
    readable_by: str
    items: list[CollectionItemRow]
    edit_url: str
    add_url: str
    remove_url: str
    addable: list[Level] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class OwnPassage(Row):
    """One's own words in somebody's resource."""

    id: int
    lead: str
    source: str
    source_format: str
    html: SafeString
    post_url: str


# --- lists ------------------------------------------------------------------------------------------------------


def library_page(user: Member, *, kind: str = "", before: str | None = None) -> LibraryPage:
    """The library, the newest first. Two queries beside that for the spaces."""
    chosen = kind if kind in ResourceKind.values else ""
    resources = Resource.objects.visible_to(user).published().select_related("space", "owner")
    if chosen:
        resources = resources.filter(kind=chosen)
    if (key := read_time_key(before)) is not None:
        at, pk = key
        resources = resources.filter(Q(published_at__lt=at) | Q(published_at=at, pk__lt=pk))
    found, has_more = split_page(
        list(resources.order_by("-published_at", "-pk")[: RESOURCES_PER_PAGE + 1]), RESOURCES_PER_PAGE
    )
    path = reverse("resource_list")
    last = found[-1] if has_more else None
    older = (
        with_query(path, kind=chosen, before=time_key(last.published_at, last.pk))
        if last is not None and last.published_at is not None
        else ""
    )
    clock = Clock(timezone.now())
    spaces = visible_spaces(user)
    return LibraryPage(
        resources=[_row(resource, clock) for resource in found],
        collections=[] if before else collection_rows(user),
        kinds=[
            Level(with_query(path, kind=value), str(label), value == chosen)
            for value, label in [("", _("Everything")), *ResourceKind.choices]
        ],
        older_url=older,
        create_url=reverse("resource_create")
        if any(can_create_resource(user, space) for space in spaces)
        else "",
        wanted_url=reverse("content_wanted"),
        desk_url=reverse("library_desk"),
        collect_url=reverse("collection_create") if any(can_curate(user, space) for space in spaces) else "",
    )


def collection_rows(user: Member) -> list[CollectionRow]:
    """Those with something in them that this reader may open, and one's own. One query."""
    readable = Resource.objects.visible_to(user).published()
    items = Count("items", filter=Q(items__resource__in=readable))
    rows = (
        Collection.objects.visible_to(user)
        .select_related("curator")
        .annotate(count=items)
        .filter(Q(count__gt=0) | Q(curator=user))
        .order_by("-created_at", "-pk")[:COLLECTIONS_SHOWN]
    )
    return [
        CollectionRow(
            name=row.name,
            url=row.get_absolute_url(),
            why=row.why,
            curator_name=row.curator.display_name,
            count_label=ngettext("{count} resource", "{count} resources", count).format(count=count),
        )
        for row in rows
        for count in [row.count]  # type: ignore[attr-defined]
    ]


def topic_resources(topic: Topic, user: Member) -> list[ResourceRow]:
    """Rule 5.3: what a thread belongs to, published ones first. One query."""
    rows = (
        Resource.objects.visible_to(user)
        .filter(Exists(ResourceSource.objects.filter(resource=OuterRef("pk"), topic=topic)))
        .filter(retired_at__isnull=True)
        .select_related("space", "owner")
        .order_by(F("published_at").desc(nulls_last=True), "-pk")[:LIST_LENGTH]
    )
    clock = Clock(timezone.now())
    return [_row(row, clock) for row in rows]


def library_desk(user: Member) -> DeskPage:
    """One's own, and for those who look after a space what waits there and what is stale. Five queries."""
    clock = Clock(timezone.now())
    seen = Resource.objects.visible_to(user).select_related("space", "owner")
    mine = seen.filter(owner=user, published_at__isnull=True).order_by("-edited_at")[:LIST_LENGTH]
    here = [space_id for space_id in visible_space_ids(user) if moderates(user, space_id)]
    waiting = seen.filter(space__in=here, submitted_at__isnull=False, published_at__isnull=True).order_by(
        "submitted_at"
    )[:LIST_LENGTH]
    stale = seen.stale().filter(Q(owner=user) | Q(space__in=here)).order_by("review_on")[:LIST_LENGTH]
    return DeskPage(
        waiting=[_row(row, clock) for row in waiting],
        stale=[_row(row, clock, note=_due(row.review_on)) for row in stale],
        mine=[_row(row, clock) for row in mine],
        balance=_balance(user) if can_look_after_library(user) else "",
    )


def _balance(user: Member) -> str:
    """Rule 5.4: content to conversation, of the spaces this person sees."""
    since = timezone.now() - BALANCE_OF
    published = Resource.objects.visible_to(user).published().filter(published_at__gte=since)
    posts = Post.objects.visible_to(user).filter(created_at__gte=since)
    made = published.filter(Exists(ResourcePassage.objects.filter(resource=OuterRef("pk"))))
    return _(
        "In 90 days: {published} resources published, {made} of them made from threads; {posts} posts written."
    ).format(published=published.count(), made=made.count(), posts=posts.count())


def _due(day: date | None) -> str:
    return _("to be looked at since {day}").format(day=date_format(day, "j F Y")) if day else ""


def content_wanted(user: Member) -> WantedPage:
    """Rule 5.3: questions that nobody answered, the most wanted first; and, for those who look after a library, what
    people looked for in vain. Words that were looked for once only may be a name or a slip, and are left out.
    """
    clock = Clock(timezone.now())
    old = timezone.now() - UNANSWERED_FOR
    questions = (
        Topic.objects.visible_to(user)
        .filter(
            kind=TopicKind.QUESTION, accepted_post__isnull=True, closed_at__isnull=True, created_at__lt=old
        )
        .select_related("space")
        .annotate(wanted=Sum("posts__me_too_count", default=0))
        .order_by("-wanted", "-people_count", "-created_at", "-pk")[:WANTED]
    )
    rows = [
        WantedRow(
            title=topic.title,
            url=topic.get_absolute_url(),
            note=_("{space}, asked {when}").format(
                space=topic.space.name, when=clock.moment(topic.created_at).relative
            ),
            write_url=reverse("resource_make", args=[topic.pk]),
        )
        for topic in questions
    ]
    searches = []
    if can_look_after_library(user):
        since = (timezone.now() - MISSES_OF).date()
        missed = (
            SearchMiss.objects.filter(day__gte=since)
            .values("words")
            .annotate(times=Sum("count"))
            .filter(times__gt=1)
            .order_by("-times", "words")[:WANTED]
        )
        searches = [
            WantedRow(
                title=row["words"],
                url=with_query(reverse("search"), q=row["words"]),
                note=ngettext(
                    "looked for {count} time in 90 days", "looked for {count} times in 90 days", row["times"]
                ).format(count=row["times"]),
                write_url=with_query(reverse("resource_create"), title=row["words"]),
            )
            for row in missed
        ]
    return WantedPage(questions=rows, searches=searches)


def posts_to_take(topic: Topic, user: Member, *, after: int) -> tuple[list[PostChoice], int]:
    """Some posts behind a number, and the number behind which the next ones come (0 at the end). One query."""
    posts = list(
        Post.objects.visible_to(user)
        .filter(topic=topic, number__gt=after)
        .select_related("author", "topic")
        .order_by("number")[: CHOICES + 1]
    )
    rows = [
        PostChoice(
            id=post.pk,
            number=post.number,
            author_name=post.author.display_name if post.author else _("A former member"),
            excerpt=excerpt(plain_text(post.html)),
            part=usual_part(post),
        )
        for post in posts[:CHOICES]
    ]
    return rows, rows[-1].number if len(posts) > CHOICES else 0


def drafts_to_extend(user: Member) -> list[Resource]:
    """What a passage can be added to: one's own that are not in review. One query."""
    return list(
        Resource.objects.visible_to(user)
        .filter(owner=user, retired_at__isnull=True)
        .exclude(submitted_at__isnull=False, published_at__isnull=True)
        .order_by("-edited_at")[:LIST_LENGTH]
    )


def _row(resource: Resource, clock: Clock, *, note: str = "") -> ResourceRow:
    when = clock.moment(resource.published_at or resource.edited_at)
    state = resource.state
    outcomes = []
    if resource.used_count:
        outcomes.append(
            ngettext("{count} used it", "{count} used it", resource.used_count).format(
                count=resource.used_count
            )
        )
    if resource.changed_count:
        outcomes.append(
            ngettext(
                "it changed {count} decision", "it changed {count} decisions", resource.changed_count
            ).format(count=resource.changed_count)
        )
    return ResourceRow(
        id=resource.pk,
        title=resource.title,
        url=resource.get_absolute_url(),
        kind_label=resource.get_kind_display(),
        summary=resource.summary,
        space_name=resource.space.name,
        owner_name=resource.owner.display_name,
        state_label="" if state == ResourceState.PUBLISHED else str(state.label),
        note=note or ", ".join(outcomes),
        when_relative=when.relative,
        when_iso=when.iso,
        when_exact=when.exact,
    )


# --- one resource -----------------------------------------------------------------------------------------------


def resource_page(resource: Resource, user: Member) -> ResourcePage:
    """Everything about one that this reader may see. Nine queries, whatever is in it."""
    now = timezone.now()
    clock, url, state = Clock(now), resource.get_absolute_url(), resource.state
    looks_after = moderates(user, resource.space_id)
    is_owner = resource.owner_id == user.pk
    may_edit = state != ResourceState.RETIRED and (is_owner or looks_after)
    contributors = list(resource.contributors.select_related("member"))
    passages = _passages(resource, user, contributors, now, may_edit=may_edit)
    sources = _sources(resource, user)
    mine = {row.outcome for row in ResourceOutcome.objects.filter(resource=resource, member=user)}
    is_live = resource.published_at is not None
    may_say = state == ResourceState.PUBLISHED and not is_owner
    when = clock.moment(resource.published_at or resource.edited_at)
    waiting = [row for row in contributors if row.is_waited_for(now)]
    unasked = [row for row in waiting if row.asked_at is None]
    named = [row for row in contributors if row.is_named]
    nameless = sum(
        1
        for row in contributors
        if not row.is_named and not row.is_waited_for(now) and row.choice != Consent.REFUSED
    )
    moved_on = any(source.moved_label for source in sources)
    is_stale = state == ResourceState.PUBLISHED and (
        resource.review_on is not None and resource.review_on <= now.date()
    )
    return ResourcePage(
        id=resource.pk,
        title=resource.title,
        url=url,
        kind_label=resource.get_kind_display(),
        state=state,
        state_label=str(state.label),
        summary=resource.summary,
        link=resource.link,
        # Sanitised when it was stored (rule 3.4).
        html=mark_safe(resource.html),  # noqa: S308
        dissent=resource.dissent,
        is_undisputed=resource.is_undisputed and bool(passages),
        passages=[row for row in passages if not row.is_challenge],
        challenges=[row for row in passages if row.is_challenge],
        contributors=_named(named, passages),
        nameless_label=ngettext(
            "{count} more goes without name", "{count} more go without name", nameless
        ).format(count=nameless)
        if nameless
        else "",
        editors=_editors(resource, contributors, user),
        sources=sources,
        files=[
            Link(file.file_name, file.get_absolute_url())
            for file in Attachment.objects.filter(resource=resource, width=0).order_by("pk")
        ],
        collections=[
            Link(item.collection.name, item.collection.get_absolute_url())
            for item in CollectionItem.objects.filter(
                resource=resource, collection__in=Collection.objects.visible_to(user)
            ).select_related("collection")
        ],
        outcomes=[
            OutcomeRow(
                label=str(outcome.label),
                value=outcome.value,
                url=f"{url}outcome/" if may_say else "",
                is_said=outcome in mine,
                count_label=str(getattr(resource, outcome.counter) or ""),
            )
            for outcome in Outcome
        ]
        if is_live
        else [],
        owner=Link(resource.owner.display_name, resource.owner.get_absolute_url()),
        space_name=resource.space.name,
        space_url=resource.space.get_absolute_url(),
        readable_by=readable_by(resource.space)
        if is_live
        else _(
            "Its owner, those who look after the space and those who are asked for their words read this draft."
        ),
        version=resource.version,
        when_iso=when.iso,
        when_relative=when.relative,
        when_exact=when.exact,
        review_label=_("Looked at again on {day}").format(day=date_format(resource.review_on, "j F Y"))
        if resource.review_on
        else "",
        is_stale=is_stale,
        retire_reason=resource.retire_reason,
        return_reason=resource.return_reason if may_edit else "",
        waiting=_waiting(waiting, clock, is_owner=is_owner) if may_edit else [],
        may_edit=may_edit,
        consent_url=f"{url}consent/"
        if any(row.member_id == user.pk and row.choice != Consent.REFUSED for row in contributors)
        and not is_owner
        else "",
        ask_url=f"{url}ask/" if may_edit and unasked else "",
        submit_url=f"{url}submit/" if may_edit and state == ResourceState.DRAFT else "",
        publish_url=f"{url}publish/" if looks_after and not is_live else "",
        return_url=f"{url}return/" if looks_after and state == ResourceState.IN_REVIEW else "",
        retire_url=f"{url}retire/" if may_edit and state == ResourceState.PUBLISHED else "",
        restore_url=f"{url}restore/" if state == ResourceState.RETIRED and (is_owner or looks_after) else "",
        review_url=f"{url}review/" if may_edit and state == ResourceState.PUBLISHED else "",
        catch_up_url=f"{url}catch-up/" if may_edit and moved_on else "",
        move_url=f"{url}move/" if user.has_role(RoleName.MANAGER) else "",
        figures_url=f"{url}figures/" if is_live and (is_owner or looks_after) else "",
        moved_on=moved_on,
    )


def _credit(contributor: ResourceContributor | None, *, to_maker: bool, now: datetime) -> Member | None:
    """Rule 5.2, the one place that says who is named: who said yes. Whom the maker waits for the maker knows."""
    if contributor is None:
        return None
    if contributor.is_named or (to_maker and contributor.is_waited_for(now)):
        return contributor.member
    return None


def _passages(
    resource: Resource,
    user: Member,
    contributors: list[ResourceContributor],
    now: datetime,
    *,
    may_edit: bool,
) -> list[PassageRow]:
    """Two queries. Of what is published, none whose author may still say no; the maker sees those too.

    None of a thread that stands now where the reader does not read, unless its author lets it leave.
    """
    by_id = {row.pk: row for row in contributors}
    is_owner = resource.owner_id == user.pk
    passages = list(resource.passages.visible_to(user))
    readable = Post.objects.visible_to(user).in_bulk([row.post_id for row in passages]) if passages else {}
    rows = []
    for passage in passages:
        contributor = by_id.get(passage.contributor_id) if passage.contributor_id else None
        is_waited_for = contributor is not None and contributor.is_waited_for(now)
        is_own = contributor is not None and contributor.member_id == user.pk
        if is_waited_for and resource.published_at is not None and not (may_edit or is_own):
            continue
        credit = _credit(contributor, to_maker=is_owner, now=now)
        # Whoever goes nameless is not named by one tap either: no link to their post, but to the thread.
        leads = passage.post_id in readable and (contributor is None or credit is not None or is_own)
        rows.append(
            PassageRow(
                id=passage.pk,
                anchor=f"passage-{passage.pk}",
                lead=passage.lead,
                # Sanitised when it was stored.
                html=mark_safe(passage.html),  # noqa: S308
                credit=credit.display_name if credit else "",
                credit_url=credit.get_absolute_url() if credit else "",
                part_label=str(Part(passage.part).label),
                source_url=reverse("post_show", args=[passage.post_id]) if leads else "",
                source_label=_("Source") if leads else "",
                is_challenge=passage.part == Part.CHALLENGED,
                edit_url=reverse("passage_edit", args=[passage.pk]) if may_edit else "",
                state_label=_("Not answered yet") if is_waited_for and may_edit else "",
            )
        )
    return rows


def _named(contributors: list[ResourceContributor], passages: list[PassageRow]) -> list[ContributorRow]:
    """With their parts, in the order of the passages. Whoever has no passage left is no contributor."""
    parts: dict[str, list[str]] = {}
    for row in passages:
        if row.credit_url and row.part_label not in parts.setdefault(row.credit_url, []):
            parts[row.credit_url].append(row.part_label)
    known = {row.member.get_absolute_url(): row.member for row in contributors}
    return [
        ContributorRow(known[url].display_name, url, ", ".join(labels))
        for url, labels in parts.items()
        if url in known
    ]


def _editors(resource: Resource, contributors: list[ResourceContributor], user: Member) -> list[Link]:
    """Who wrote and changed it, but for those who want no name in it. One query."""
    hidden = {row.member_id for row in contributors if not row.is_named}
    ids = set(resource.revisions.values_list("edited_by", flat=True)) | {resource.edited_by_id}
    wanted = (ids | {resource.owner_id}) - hidden - {None}
    rows = Member.objects.visible_to(user).filter(pk__in=wanted).order_by("pk")
    return [Link(row.display_name, row.get_absolute_url()) for row in rows]


def _sources(resource: Resource, user: Member) -> list[SourceRow]:
    """Its threads, as far as this reader may see them. One query."""
    rows = []
    seen = Topic.objects.visible_to(user)
    for source in (
        ResourceSource.objects.filter(resource=resource, topic__in=seen)
        .select_related("topic")
        .order_by("pk")
    ):
        topic = source.topic
        newer = max(topic.last_number - source.seen_number, 0)
        rows.append(
            SourceRow(
                title=topic.title,
                url=topic.get_absolute_url(),
                moved_label=ngettext(
                    "The thread has moved on: {count} newer reply",
                    "The thread has moved on: {count} newer replies",
                    newer,
                ).format(count=newer)
                if newer
                else "",
                new_url=topic.get_post_url(source.seen_number + 1) if newer else "",
            )
        )
    return rows


def _waiting(rows: list[ResourceContributor], clock: Clock, *, is_owner: bool) -> list[str]:
    """Who has not answered: by name to the maker, who chose their posts, and as a number to everybody else."""
    if not is_owner:
        count = len(rows)
        return (
            [
                ngettext(
                    "{count} contributor has not answered.", "{count} contributors have not answered.", count
                ).format(count=count)
            ]
            if count
            else []
        )
    return [
        _("{name} has until {day} to answer.").format(
            name=row.member.display_name, day=clock.moment(row.due_at).exact
        )
        if row.due_at
        else _("{name} is not asked yet.").format(name=row.member.display_name)
        for row in rows
    ]


def resource_history(resource: Resource, user: Member) -> list[RevisionRow]:
    """What each change of a published resource changed, newest first, in the words that the reader may read now.

    Of passages that were taken out nobody knows any more where they came from: they are left out where any of the
    threads is closed to the reader. Six queries.
    """
    now = timezone.now()
    hidden = {row.member_id for row in resource.contributors.all() if not row.is_named}
    revisions = list(resource.revisions.select_related("edited_by").order_by("-version")[:100])
    shown = list(resource.passages.visible_to(user).select_related("contributor"))
    present = set(resource.passages.values_list("pk", flat=True))
    threads = Topic.objects.visible_to(user).filter(resource_sources__resource=resource)
    is_whole = resource.sources.count() == threads.count()
    closed = present - {row.pk for row in shown}
    current = [
        plain_text(row.html)
        for row in shown
        if row.contributor is None or not row.contributor.is_waited_for(now)
    ]
    versions = [
        (
            resource.version, resource.edited_by, resource.edited_at, resource.edit_note,
            _text(resource.title, resource.source, resource.source_format, current, resource.dissent),
        ),
        *(
            (
                row.version, row.edited_by, row.edited_at, row.note,
                _text(
                    row.title, row.source, row.source_format,
                    [
                        passage["words"]
                        for passage in row.passages
                        if passage["id"] not in closed and (is_whole or passage["id"] in present)
                    ],
                    row.dissent,
                ),
            )
            for row in revisions
        ),
    ]  # fmt: skip
    clock = Clock(now)
    rows = []
    for (version, editor, at, note, text), (*_rest, before) in pairwise(versions):
        when = clock.moment(at)
        rows.append(
            RevisionRow(
                version=version,
                editor_name=editor.display_name if editor and editor.pk not in hidden else NOBODY,
                when_relative=when.relative,
                when_iso=when.iso,
                when_exact=when.exact,
                reason=note,
                paragraphs=diff_words(before, text),
            )
        )
    return rows


def _text(title: str, source: str, source_format: str, passages: list[str], dissent: str) -> str:
    body = (
        source
        if source_format == SourceFormat.MARKDOWN
        else render(source, SourceFormat.HTML).plain.replace("\n", "\n\n")
    )
    return "\n\n".join(filter(None, [title, body, *passages, dissent]))


def own_passages(contributor: ResourceContributor) -> list[OwnPassage]:
    """One's own words in it, with where they come from. One query."""
    return [
        OwnPassage(
            id=row.pk,
            lead=row.lead,
            source=row.source,
            source_format=row.source_format,
            html=mark_safe(row.html),  # noqa: S308
            post_url=reverse("post_show", args=[row.post_id]),
        )
        for row in contributor.passages.all()
    ]


def resource_figures(resource: Resource) -> FiguresPage:
    """Rule 5.4, staff left out (0.2). No number says anything of fewer than five people (14.6).

    Companies with fewer are put together, and the smallest shown ones with them until those are five as well:
    otherwise the sum would give away what is left out. Two queries.
    """
    readers = list(
        ResourceReader.objects.filter(resource=resource, was_staff=False).values_list(
            "organisation__name", "downloaded_at"
        )
    )
    if len(readers) < FEWEST:
        return FiguresPage(_("Fewer than five people have read it."), [], _outcomes(resource))
    by_company = Counter(name or "" for name, _at in readers)
    downloads = Counter(name or "" for name, at in readers if at is not None)
    shown = {name: count for name, count in by_company.items() if name and count >= FEWEST}
    rest = len(readers) - sum(shown.values())
    while shown and 0 < rest < FEWEST:
        smallest = min(shown, key=lambda name: (shown[name], name))
        rest += shown.pop(smallest)
    rows = [
        FigureRow(name, count, downloads[name] if downloads[name] >= FEWEST else 0)
        for name, count in sorted(shown.items(), key=lambda item: (-item[1], item[0]))
    ]
    if rest:
        rows.append(FigureRow(_("Others, each fewer than five"), rest, 0))
    label = ngettext("{count} person has read it.", "{count} people have read it.", len(readers)).format(
        count=len(readers)
    )
    return FiguresPage(label, rows, _outcomes(resource))


def _outcomes(resource: Resource) -> list[str]:
    return [
        f"{outcome.label}: {count}"
        if count >= FEWEST
        else _("{outcome}: fewer than five").format(outcome=outcome.label)
        for outcome in Outcome
        for count in [getattr(resource, outcome.counter)]
    ]


# --- collections ------------------------------------------------------------------------------------------------


def collection_page(collection: Collection, user: Member) -> CollectionPage:
    """What is in it, as far as this reader may open it. Two queries, three for who changes it."""
    url = collection.get_absolute_url()
    readable = Resource.objects.visible_to(user).published()
    items = collection.items.filter(resource__in=readable).select_related("resource")
    may_edit = bool(can_edit_collection(user, collection))
    addable = (
        readable.filter(
            Q(space=collection.space) | Q(space__preset__in=(SpacePreset.OPEN, SpacePreset.READ_ONLY))
        )
        .exclude(collection_items__collection=collection)
        .order_by("-published_at")[:LIST_LENGTH]
        if may_edit
        else []
    )
    return CollectionPage(
        name=collection.name,
        why=collection.why,
        url=url,
        curator=Link(collection.curator.display_name, collection.curator.get_absolute_url()),
        space_name=collection.space.name,
        space_url=collection.space.get_absolute_url(),
        readable_by=readable_by(collection.space),
        items=[
            CollectionItemRow(
                title=item.resource.title,
                url=item.resource.get_absolute_url(),
                kind_label=item.resource.get_kind_display(),
                summary=item.resource.summary,
                why=item.why,
                remove_value=item.resource_id,
            )
            for item in items
        ],
        edit_url=f"{url}edit/" if may_edit else "",
        add_url=f"{url}add/" if may_edit else "",
        remove_url=f"{url}remove/" if may_edit else "",
        addable=[Level(str(row.pk), row.title, current=False) for row in addable],
    )


def spaces_for_resources(user: Member) -> dict[str, Space]:
    """Where this person may bring something, by slug. No query of its own."""
    return {space.slug: space for space in visible_spaces(user) if can_create_resource(user, space)}
