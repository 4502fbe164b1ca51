"""Putting the demo community in, through the actions people use, with 120 days of history counted back from now."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from django.db import transaction
from django.utils import timezone

from community.core.activity import dispatch
from community.core.models import Activity
from community.core.text import Prose, SourceFormat
from community.demo.entrance import make_invitations, make_terms
from community.demo.gate import drop_mails, make_gate
from community.demo.library import make_library
from community.demo.messages import make_messages
from community.demo.moderation import make_moderation
from community.demo.more_threads import MORE_THREADS
from community.demo.notices import make_notices
from community.demo.people import (
    COMPANIES,
    FOLLOWS,
    LABELS,
    LANGUAGES,
    LOOKS,
    PEOPLE,
    SECTORS,
    SIGN_INS,
    Person,
)
from community.demo.places import make_places
from community.demo.polls import make_polls
from community.demo.reading import make_reading
from community.demo.threads import DESK, DESK_TEXT, DESK_TITLE, ROOMS, THREADS, WELCOMES, Thread
from discussions.actions.post import accept_answer, create_post, edit_post, thank_post
from discussions.actions.space import add_space_member, create_space
from discussions.actions.topic import close_topic, create_topic
from discussions.models import Post, ReadState, Space, Topic, TopicKind, visible_space_ids
from members.actions.expertise import grant_expertise
from members.actions.fact import FactChange, write_facts
from members.actions.introduction import create_introduction
from members.actions.member import create_member
from members.actions.profile import start_employment
from members.actions.role import grant_role
from members.models import FactSource, Member, Organisation, OrganisationDomain, RoleName, Tie, TieKind

# Known to everybody who reads this file: the demo is for one's own machine, and `make_demo` refuses any other.
PASSWORD = "three gives before one ask"  # noqa: S105
DOMAIN = "demo.example"
DAYS = 120
# Every how many hours somebody adds a line to the long thread.
DESK_HOURS = 40
KINDS_OF_ROOM = {"introductions": (TopicKind.INTRODUCTION,)}


@dataclass(slots=True)
class _World:
    """What has been made so far, by the keys the data uses."""

    now: datetime
    members: dict[str, Member] = field(default_factory=dict)
    spaces: dict[str, Space] = field(default_factory=dict)

    def ago(self, days: float, hour: int = 9) -> datetime:
        """A moment on the day so many days ago, never in the future."""
        day = (self.now - timedelta(days=days)).replace(hour=hour, minute=(int(days) * 17) % 60)
        return min(day, self.now - timedelta(minutes=30))

    def later(self, at: datetime, hours: float) -> datetime:
        return min(at + timedelta(hours=hours, minutes=(at.minute * 7) % 60), self.now - timedelta(minutes=5))


@transaction.atomic
def build_demo(now: datetime | None = None) -> dict[str, int]:
    """Make the whole demo community, or nothing; the same but for `now`. Returns how much of everything there is."""
    world = _World((now or timezone.now()).replace(second=0, microsecond=0))
    _people(world)
    make_gate(world.members, world.now, domain=DOMAIN, password=PASSWORD)
    make_terms(world.members, world.now)
    make_invitations(world.members, world.now, domain=DOMAIN)
    _rooms(world)
    for thread in sorted((*THREADS, *MORE_THREADS), key=lambda thread: -thread.day):
        _thread(world, thread)
    _introductions(world)
    _desk(world)
    _ties(world)
    make_places(world.members, world.spaces, world.now)
    make_library(world.members, world.now)
    make_polls(world.members, world.spaces, world.now)
    make_moderation(world.members, world.spaces, world.now)
    make_messages(world.members, world.now)
    make_reading(world.members, world.now)
    # The past is told to its readers now, so that follows exist and no pile waits for the worker.
    dispatch(list(Activity.objects.undispatched().order_by("id").values_list("id", flat=True)))
    make_notices(world.now)
    drop_mails()
    _reading(world)
    return {
        "members": len(world.members),
        "spaces": len(world.spaces),
        "topics": Topic.objects.count(),
        "posts": Post.objects.count(),
    }


def sign_ins() -> list[tuple[str, str, str]]:
    """Role, address and password of the printed sign-ins."""
    return [(role, f"{key}@{DOMAIN}", PASSWORD) for role, key in SIGN_INS]


def _people(world: _World) -> None:
    companies = {}
    for company in COMPANIES:
        row = Organisation.objects.create(name=company.name, slug=company.slug, kind=company.kind)
        OrganisationDomain.objects.create(
            organisation=row, domain=f"{company.slug}.example", verified_at=world.ago(DAYS)
        )
        companies[company.slug] = row
    with_password = {key for _role, key in SIGN_INS}
    for person in PEOPLE:
        first, *more = person.roles
        joined = world.ago(person.joined, 8)
        member = create_member(
            by=None,
            email=f"{person.key}@{DOMAIN}",
            display_name=person.name,
            handle=person.key,
            role=first,
            password=PASSWORD if person.key in with_password else None,
            time_zone=person.time_zone,
            at=joined,
            source="demo",
        )
        for role in more:
            grant_role(member, role, by=None, at=joined + timedelta(days=1))
        start_employment(
            member,
            companies[person.company],
            by=None,
            title=person.title,
            from_date=date(2012 + len(person.name) % 11, 1 + len(person.title) % 12, 1),
            at=joined,
        )
        # Without activity of its own: they said it when they joined.
        write_facts(
            member,
            {key: FactChange([words]) for key, words in _said(person).items() if words},
            by=None,
            source=FactSource.SELF,
        )
        world.members[person.key] = Member.objects.get(pk=member.pk)


def _said(person: Person) -> dict[str, str]:
    """What somebody says in the profile. The topics are the short parts of what they can help with."""
    topics = [part.strip() for part in person.can_help_with.split(",")]
    return {
        "place": person.place,
        "languages": LANGUAGES.get(person.time_zone, "English"),
        "sector": SECTORS.get(person.company, ""),
        "helps_topics": ", ".join(topic for topic in topics if topic.count(" ") < 3),
        "can_help_with": person.can_help_with,
        "looks_topics": LOOKS.get(person.key, ""),
        "looks_for": person.looks_for,
    }


def _ties(world: _World) -> None:
    """Experts are recognised, some people follow each other, and two are asked whether they want to meet."""
    for key, topic, evidence in LABELS:
        member = world.members[key]
        at = member.joined_at + timedelta(days=3)
        grant_expertise(member, topic=topic, evidence=evidence, by=world.members["ines"], at=at)
    Tie.objects.bulk_create(
        Tie(member=world.members[one], other=world.members[other], kind=TieKind.FOLLOW)
        for one, other in FOLLOWS
    )
    create_introduction(
        world.members["ben"],
        world.members["katrin"],
        reason="Both hedge small volumes.\nKatrin has left the reverse auction that Ben would like to leave.",
        by=world.members["wim"],
    )


def _rooms(world: _World) -> None:
    for position, room in enumerate(ROOMS, start=1):
        space = create_space(
            by=None,
            name=room.name,
            purpose=room.purpose,
            preset=room.preset,
            slug=room.slug,
            position=position,
            topic_kinds=KINDS_OF_ROOM.get(room.slug, (TopicKind.DISCUSSION, TopicKind.QUESTION)),
            at=world.ago(DAYS),
        )
        for key in room.listed:
            member = world.members[key]
            add_space_member(space, member, by=None, at=member.joined_at + timedelta(days=2))
        world.spaces[room.slug] = space


def _thread(world: _World, thread: Thread) -> Topic:
    author = world.members[thread.who]
    at = world.ago(thread.day, 7 + len(thread.title) % 9)
    topic = create_topic(
        world.spaces[thread.room],
        by=author,
        kind=thread.kind,
        title=thread.title,
        prose=_prose(thread.text),
        tags=thread.tags,
        at=at,
    )
    posts = [topic.posts.select_related("topic__space").get()]
    _thanks(world, posts[0], thread.thanks, at)
    for reply in thread.replies:
        at = world.later(at, reply.after)
        by = world.members[reply.who]
        prose = _prose(reply.first or reply.text)
        post = create_post(topic, by=by, prose=prose, reply_to=posts[reply.to - 1], at=at)
        if reply.first:
            edited_at = world.later(at, 48)
            prose = _prose(reply.text)
            post = edit_post(post, by=by, prose=prose, version=1, reason=reply.reason, at=edited_at)
        posts.append(post)
        _thanks(world, post, reply.thanks, at)
    if thread.accepted:
        accept_answer(posts[thread.accepted - 1], by=author, at=world.later(at, 3))
    if thread.closed:
        close_topic(topic, by=world.members["ines"], reason=thread.closed, at=world.later(at, 30))
    if thread.pinned:
        Topic.objects.filter(pk=topic.pk).update(pinned_at=at)
    return topic


def _thanks(world: _World, post: Post, keys: tuple[str, ...], at: datetime) -> None:
    for step, key in enumerate(keys, start=1):
        thank_post(post, by=world.members[key], at=world.later(at, step * 2.5))


def _introductions(world: _World) -> None:
    """Everybody who came after the first week said hello, and those who were here answered."""
    welcomes = iter(_welcomers())
    for number, person in enumerate(PEOPLE):
        if RoleName.MEMBER not in person.roles:
            continue
        company = next(company.name for company in COMPANIES if company.slug == person.company)
        at = world.ago(max(person.joined - 1, 0.5), 10 + number % 6)
        topic = create_topic(
            world.spaces["introductions"],
            by=world.members[person.key],
            kind=TopicKind.INTRODUCTION,
            title=f"{person.name}, {company}",
            prose=_prose(_introduction(person, company)),
            at=at,
        )
        for step in range(1 + number % 3):
            text = WELCOMES[(number + step) % len(WELCOMES)].format(
                company=company,
                first=person.name.split()[0],
                topic=(person.can_help_with.split(",")[0] or person.title).lower(),
                place=person.place,
            )
            at = world.later(at, 2 + 5 * step)
            by = next(key for key in welcomes if key != person.key and world.members[key].joined_at < at)
            create_post(topic, by=world.members[by], prose=_prose(text), at=at)


def _introduction(person: Person, company: str) -> str:
    lines = [f"{person.title} at {company}, in {person.place}."]
    if person.can_help_with:
        lines.append(f"I can help with: {person.can_help_with}.")
    if person.looks_for:
        lines.append(f"What I would like to find here: {person.looks_for[0].lower()}{person.looks_for[1:]}.")
    return "\n\n".join(lines)


def _welcomers() -> Iterator[str]:
    """The early ones welcome, in turn."""
    early = [person.key for person in PEOPLE if person.joined > DAYS - 5]
    while True:
        yield from early


def _desk(world: _World) -> None:
    topic = create_topic(
        world.spaces["practice"],
        by=world.members["tomasz"],
        kind=TopicKind.DISCUSSION,
        title=DESK_TITLE,
        prose=_prose(DESK_TEXT),
        tags=("open-thread",),
        at=world.ago(DAYS - 3, 8),
    )
    at = topic.created_at
    for number, line in enumerate(DESK + DESK):
        at = world.later(at, DESK_HOURS)
        here = [
            person.key
            for person in PEOPLE
            if RoleName.MEMBER in person.roles and world.members[person.key].joined_at < at
        ]
        create_post(topic, by=world.members[here[(number * 7) % len(here)]], prose=_prose(line), at=at)


def _reading(world: _World) -> None:
    """Most people have read what is older than a week where they may read; what came since is new to them."""
    before = world.now - timedelta(days=7)
    topics = list(Topic.objects.filter(last_post_at__lt=before).order_by("id"))
    rows = [
        ReadState(
            member=member,
            topic=topic,
            last_read_number=topic.last_number,
            read_at=topic.last_post_at + timedelta(days=1),
        )
        for number, member in enumerate(world.members.values())
        for place, topic in enumerate(topics)
        if topic.space_id in visible_space_ids(member) and (number + place) % 4
    ]
    # `mark_read` for thousands at once: whoever wrote in a topic has a row there already.
    ReadState.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["member", "topic"],
        update_fields=["last_read_number", "read_at"],
    )


def _prose(text: str) -> Prose:
    return Prose(text, SourceFormat.MARKDOWN)
