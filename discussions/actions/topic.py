"""Starting, changing, closing and reading topics."""

from collections.abc import Sequence
from datetime import datetime

from django.db import connection, transaction
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.translation import gettext as _

from community.core.activity import record
from community.core.errors import Conflict, Invalid
from community.core.idempotency import claim
from community.core.models import Audience, SearchKind
from community.core.permissions import require
from community.core.search import put_entry
from community.core.text import (
    RENDERER_VERSION,
    Prose,
    clean_line,
    clean_source,
    plain_text,
    render,
    source_problem,
)
from community.core.verbs import Verb
from discussions.actions.attachment import claim_attachments
from discussions.mentions import Named, name_members
from discussions.models import (
    TAG_LENGTH,
    TAGS_PER_TOPIC,
    TITLE_LENGTH,
    Mention,
    Post,
    PostRevision,
    Space,
    SpaceRules,
    Tag,
    Topic,
    TopicKind,
)
from discussions.permissions import can_close_topic, can_create_kind, can_edit_topic, moderates
from members.models import Member


@transaction.atomic
def create_topic(
    space: Space,
    *,
    by: Member,
    kind: TopicKind,
    title: str,
    prose: Prose,
    tags: Sequence[str] = (),
    has_looked: bool = False,
    takes_replies: bool = True,
    idempotency_key: str | None = None,
    at: datetime | None = None,
) -> Topic:
    """Start a topic with its first post, number 1. The same idempotency key gives back the same topic.

    Raises `Refused`, and `Invalid` with the field's name for a kind the space does not take, an empty or overlong
    title, body or tag, or what the space's rules ask for and is not there (rule 8.3); `has_looked` says that the author
    has looked for similar topics. Only an announcement can do without replies. `at` is for generated histories; a
    person's topic happens now.
    """
    require(can_create_kind(by, space, kind))
    claimed = claim(
        idempotency_key,
        by=by,
        action="create_topic",
        request={"space": space.pk, "kind": kind, "title": title, "source": prose.source, "tags": list(tags)},
    )
    if claimed.target_id is not None:
        return Topic.objects.select_related("space").get(pk=claimed.target_id)
    title, names, prose = clean_title(title), clean_tags(tags), clean_prose(prose)
    rendered = render(prose.source, prose.source_format)
    check_topic(space, kind, plain=rendered.plain, tags=names, has_looked=has_looked)
    named = name_members(rendered.html, by=by, space=space)
    now = at or timezone.now()
    topic = Topic.objects.create(
        space=space,
        kind=kind,
        title=title,
        author=by,
        created_at=now,
        highest_number=1,
        last_number=1,
        post_count=1,
        last_post_at=now,
        last_poster=by,
        takes_replies=takes_replies or kind != TopicKind.ANNOUNCEMENT,
    )
    first = Post.objects.create(
        topic=topic,
        number=1,
        author=by,
        source=prose.source,
        source_format=prose.source_format,
        html=named.html,
        renderer_version=RENDERER_VERSION,
        created_at=now,
    )
    put_mentions(first, named)
    claim_attachments(rendered.html, by=by, post_id=first.pk)
    if names:
        _set_tags(topic, names, by=by, is_history=at is not None)
    put_topic_entry(topic, rendered.plain)
    mark_read(topic, by, 1)
    record(
        Verb.TOPIC_CREATED,
        by=by,
        target=topic,
        audience=Audience.SPACE,
        at=now,
        space_id=space.pk,
        topic_id=topic.pk,
        kind=str(kind),
        mentioned_ids=named.told_ids,
    )
    claimed.settle(topic.pk)
    return topic


@transaction.atomic
def edit_topic(topic: Topic, *, by: Member, title: str, tags: Sequence[str]) -> Topic:
    """Change title and tags. The old title stays in the history of the first post."""
    title, names = clean_title(title), clean_tags(tags)
    topic = lock_topic(topic.pk)
    require(can_edit_topic(by, topic))
    changed = []
    if title != topic.title:
        first = Post.objects.select_for_update().get(topic=topic, number=1)
        PostRevision.objects.create(
            post=first,
            version=first.version,
            title=topic.title,
            source=first.source,
            source_format=first.source_format,
            edited_by=by,
            edited_at=timezone.now(),
        )
        first.version += 1
        first.save(update_fields=["version"])
        topic.title = title
        topic.save(update_fields=["title"])
        put_topic_entry(topic, plain_text(first.html))
        changed.append("title")
    if {name.casefold() for name in names} != {name.casefold() for name in topic.tags.names()}:
        _set_tags(topic, names, by=by)
        changed.append("tags")
    if changed:
        record(
            Verb.TOPIC_EDITED,
            by=by,
            target=topic,
            audience=Audience.SPACE,
            space_id=topic.space_id,
            topic_id=topic.pk,
            fields=changed,
        )
    return topic


@transaction.atomic
def close_topic(topic: Topic, *, by: Member, reason: str, at: datetime | None = None) -> Topic:
    """Close with a reason that readers see (rule 3.2). Raises `Invalid` without one, `Conflict` where it is closed."""
    topic = lock_topic(topic.pk)
    require(can_close_topic(by, topic))
    reason = clean_line(reason)
    if not reason:
        raise Invalid(_("Readers need to know why."), fields={"reason": [_("Write one sentence.")]})
    if topic.closed_at is not None:
        raise Conflict(_("This topic is closed already."))
    topic.closed_at, topic.closed_by, topic.close_reason = at or timezone.now(), by, reason[:300]
    topic.save(update_fields=["closed_at", "closed_by", "close_reason"])
    record(
        Verb.TOPIC_CLOSED,
        by=by,
        at=at,
        target=topic,
        audience=Audience.SPACE,
        space_id=topic.space_id,
        topic_id=topic.pk,
        reason=topic.close_reason,
    )
    return topic


@transaction.atomic
def reopen_topic(topic: Topic, *, by: Member) -> Topic:
    """Open a closed topic again. Raises `Conflict` where it is open."""
    topic = lock_topic(topic.pk)
    require(can_close_topic(by, topic))
    if topic.closed_at is None:
        raise Conflict(_("This topic is open."))
    topic.closed_at, topic.closed_by, topic.close_reason = None, None, ""
    topic.save(update_fields=["closed_at", "closed_by", "close_reason"])
    record(
        Verb.TOPIC_REOPENED,
        by=by,
        target=topic,
        audience=Audience.SPACE,
        space_id=topic.space_id,
        topic_id=topic.pk,
    )
    return topic


def lock_topic(topic_id: int) -> Topic:
    """The topic's row under its lock, with its space of now.

    Two statements: a row that changes its space while the lock is waited for is found in no join of the two.
    """
    topic = Topic.objects.select_for_update().get(pk=topic_id)
    topic.space = Space.objects.get(pk=topic.space_id)
    return topic


def lock_topic_for_reply(topic_id: int) -> Topic:
    """As `lock_topic`; where the topic was merged meanwhile, the one that it is part of now."""
    before = transaction.savepoint()
    topic = lock_topic(topic_id)
    if topic.merged_into_id is None:
        transaction.savepoint_commit(before)
        return topic
    # Gives the first lock back: two are only ever held in the order of their ids.
    transaction.savepoint_rollback(before)
    return lock_topic_for_reply(topic.merged_into_id)


def mark_read(topic: Topic, member: Member, number: int) -> None:
    """Remember that the member has read up to `number`: one statement, and it never goes back.

    The notice of the topic is settled in the same breath (rule 9.1), or points at what is unread now.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            """
            WITH noticed AS (
                UPDATE core_notice
                SET read_at = CASE WHEN %(number)s >= %(last)s THEN now() END,
                    url = CASE WHEN %(number)s >= %(last)s THEN url ELSE %(next)s END
                WHERE member_id = %(member)s AND key = %(key)s AND read_at IS NULL
            )
            INSERT INTO discussions_readstate AS state (member_id, topic_id, last_read_number, read_at)
            VALUES (%(member)s, %(topic)s, %(number)s, now())
            ON CONFLICT (member_id, topic_id) DO UPDATE
            SET last_read_number = greatest(state.last_read_number, excluded.last_read_number), read_at = now()
            """,
            {
                "member": member.pk,
                "topic": topic.pk,
                "number": number,
                "last": topic.last_number,
                "next": topic.get_post_url(number + 1),
                "key": f"topic:{topic.pk}",
            },
        )


def put_mentions(post: Post, named: Named) -> set[int]:
    """Keep whom a post names now, and nobody else any more; returns the ids of those who are new."""
    known = set(post.mentions.values_list("member_id", flat=True)) if post.version > 1 else set()
    new = set(named.ids) - known
    if known - set(named.ids):
        post.mentions.exclude(member__in=named.ids).delete()
    if new:
        Mention.objects.bulk_create(
            [Mention(post=post, member_id=pk) for pk in sorted(new)], ignore_conflicts=True
        )
    return new


def clean_title(title: str) -> str:
    """One visible line of at most 200 characters. Raises `Invalid`."""
    title = clean_line(title)
    if not title:
        raise Invalid(
            _("A topic needs a title."), fields={"title": [_("Say in one line what this is about.")]}
        )
    if len(title) > TITLE_LENGTH:
        sentence = _("The title has {length} characters; {limit} are the most.").format(
            length=len(title), limit=TITLE_LENGTH
        )
        raise Invalid(sentence, fields={"title": [sentence]})
    return title


def clean_tags(tags: Sequence[str]) -> list[str]:
    """Up to five tags without doubles, in the order given. Raises `Invalid`."""
    names: dict[str, str] = {}
    for tag in tags:
        name = clean_line(tag)
        if name:
            names.setdefault(name.casefold(), name)
    too_long = next((name for name in names.values() if len(name) > TAG_LENGTH), None)
    if too_long is not None:
        sentence = _("A tag has at most {limit} characters.").format(limit=TAG_LENGTH)
        raise Invalid(sentence, fields={"tags": [sentence]})
    if len(names) > TAGS_PER_TOPIC:
        sentence = _("A topic has at most {limit} tags.").format(limit=TAGS_PER_TOPIC)
        raise Invalid(sentence, fields={"tags": [sentence]})
    return list(names.values())


def clean_prose(prose: Prose) -> Prose:
    """A body as it is stored. Raises `Invalid` where it is empty or too long."""
    cleaned = Prose(clean_source(prose.source), prose.source_format)
    problem = source_problem(cleaned.source, cleaned.source_format)
    if problem is not None:
        raise Invalid(problem, fields={"body": [problem]})
    return cleaned


def check_topic(space: Space, kind: TopicKind, *, plain: str, tags: Sequence[str], has_looked: bool) -> None:
    """Which kinds the space takes, and what it asks of questions and discussions, all of it said at once. One query.

    Raises `Invalid` with the names of the fields.
    """
    if kind not in space.topic_kinds:
        raise Invalid(
            _("This space does not take topics of that kind."), fields={"kind": [_("Choose another kind.")]}
        )
    if kind not in {TopicKind.QUESTION, TopicKind.DISCUSSION}:
        return
    rules = SpaceRules.objects.filter(space=space).first()
    if rules is None:
        return
    missing: dict[str, list[str]] = {}
    length = len(plain.strip())
    if kind == TopicKind.QUESTION and length < rules.least_length:
        sentence = _(
            "A question here has at least {least} characters; this one has {length}. Say what you tried."
        )
        missing["body"] = [sentence.format(least=rules.least_length, length=length)]
    if rules.needs_tag and not tags:
        missing["tags"] = [_("Topics here carry at least one tag, so that others find them.")]
    if rules.look_first and not has_looked:
        missing["has_looked"] = [_("Look for similar topics first, and say that you have.")]
    if missing:
        raise Invalid(" ".join(sentence for (sentence,) in missing.values()), fields=missing)


def _set_tags(topic: Topic, names: Sequence[str], *, by: Member, is_history: bool = False) -> None:
    """Rule 3.2: words that are not in the list yet are proposed for it, unless their author looks after tags."""
    small = Tag.objects.annotate(small=Lower("name"))
    known = set(small.filter(small__in=[name.lower() for name in names]).values_list("small", flat=True))
    topic.tags.set(names)
    new = [name.lower() for name in names if name.lower() not in known]
    if not new or is_history or moderates(by, topic.space_id):
        return
    for tag in small.filter(small__in=new).order_by("name"):
        tag.proposed_at, tag.proposed_by = timezone.now(), by
        tag.save(update_fields=["proposed_at", "proposed_by"])
        record(
            Verb.TAG_PROPOSED,
            by=by,
            target=tag,
            audience=Audience.STAFF,
            space_id=topic.space_id,
            topic_id=topic.pk,
        )


def put_topic_entry(topic: Topic, plain: str) -> None:
    put_entry(
        SearchKind.TOPIC,
        target_type="topic",
        target_id=topic.pk,
        title=topic.title,
        text=plain,
        space_id=topic.space_id,
        author_id=topic.author_id,
        at=topic.created_at,
    )


def put_first_post_entry(post: Post, plain: str) -> None:
    """The first post's words are its topic's words in the search."""
    put_topic_entry(post.topic, plain)
