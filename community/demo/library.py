"""The library of the demo: articles out of its threads, guides, templates and links, two collections, and drafts."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.utils import timezone

from community.core.text import Prose, SourceFormat
from discussions.actions.collection import add_to_collection, create_collection
from discussions.actions.contribution import answer_consent, ask_contributors, make_resource
from discussions.actions.resource import (
    ResourceWords,
    create_resource,
    edit_resource,
    note_reader,
    publish_resource,
    say_outcome,
    submit_resource,
)
from discussions.models import Consent, Outcome, Part, Post, Resource, ResourceKind, Topic
from members.models import Member


@dataclass(frozen=True, slots=True)
class Made:
    """Out of a thread: `numbers` of its posts, of which `challenges` saw it otherwise. `nameless` and `silent` are keys
    of contributors; everybody else says yes. `day` counts days before today.
    """

    thread: str
    title: str
    summary: str
    text: str
    owner: str
    day: int
    numbers: tuple[int, ...]
    kind: ResourceKind = ResourceKind.ARTICLE
    challenges: tuple[int, ...] = ()
    nameless: tuple[str, ...] = ()
    used: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Kept:
    """Written for the library, and talked about in a thread that was there."""

    thread: str
    kind: ResourceKind
    title: str
    summary: str
    text: str
    owner: str
    day: int
    link: str = ""
    used: tuple[str, ...] = ()


MADE: Final = (
    Made(
        "Index basket for paper",
        "An index basket that keeps both sides honest",
        "Weights, dead band and the sentence for an index that ends.",
        "Three buyers and a supplier compared their baskets. What they agree on: name the *edition* of each index, "
        "keep a fixed part, and reset every quarter with a dead band.",
        "wim", 70, (1, 2, 3, 4), challenges=(4,), used=("ben", "carmen", "marte"),
    ),
    Made(
        "Exit plans:",
        "Exit plans that were really used",
        "Names, price, format, rehearsal.",
        "Most exit plans are never opened. These were, and each of the four points below was missing once.",
        "marte", 50, (1, 2, 3, 4), kind=ResourceKind.GUIDE, nameless=("fatima",), used=("saskia", "bram"),
    ),
    Made(
        "Tooling we paid for",
        "Getting tools back without a court",
        "Inventory first, then the last batch, then the talk.",
        "Two cases that ended well. The order of the steps matters more than the words of the contract.",
        "stefan", 12, (1, 2, 3), kind=ResourceKind.CASE, used=("luca",),
    ),
    Made(
        "Has anybody left reverse auctions behind",
        "After the reverse auction",
        "What replaced the number on the board's page.",
        "The savings of auctions fall from year to year. These members stopped, and say what they show instead.",
        "ben", 90, (1, 2), used=("katrin", "wim"),
    ),
)  # fmt: skip

KEPT: Final = (
    Kept(
        "Buying an AI contract reviewer", ResourceKind.TEMPLATE, "Twenty planted faults for testing a reviewer",
        "A list to hide in your own contracts before you test a tool.",
        "1. A missing cap.\n2. A governing law that is nobody's.\n3. A notice period shorter than the term.\n"
        "4. Two definitions of the same word.\n\nCount what is found, and what is found that is not there.",
        "bram", 25, used=("fatima", "grace"),
    ),
    Kept(
        "A spend cube in six weeks", ResourceKind.GUIDE, "A spend cube in six weeks",
        "Two levels, one page for each owner, and no cleaning of descriptions.",
        "Start with the 200 suppliers that make 90 % of the spend. Classify by supplier and cost centre. Correct by "
        "exception. Two levels of taxonomy are enough.",
        "sofia", 80, used=("arthur", "hana"),
    ),
    Kept(
        "An audit is a conversation", ResourceKind.GUIDE, "Notes for an audit day",
        "One page to take along.",
        "Walk the floor before the presentation. Ask the person at the machine. Read the report to them on site.",
        "amara", 95,
    ),
    Kept(
        "A query that finds split orders", ResourceKind.TEMPLATE, "Queries for spend data",
        "Split orders, double payments, sleeping suppliers.",
        "```sql\nSELECT supplier_id, ordered_on, count(*) FROM purchase_order GROUP BY 1, 2 HAVING count(*) > 1\n```",
        "hana", 60,
    ),
    Kept(
        "How did you learn to negotiate", ResourceKind.READING_LIST, "Six books on negotiating that members lend",
        "Each with who lends it.",
        "- *Getting to Yes*: ask Wim\n- *Bargaining for Advantage*: ask Ruth\n- *Never Split the Difference*: ask Ben",
        "ruth", 7,
    ),
    Kept(
        "Scope 3 data", ResourceKind.LINK, "The protocol for value chain emissions",
        "The standard itself, for looking things up.", "", "aisha", 40,
        link="https://ghgprotocol.org/corporate-value-chain-scope-3-standard",
    ),
    Kept(
        "Liability caps for software", ResourceKind.DECISION_NOTE, "Why we start with the list of what can go wrong",
        "A decision of one company, and what came of it.",
        "We no longer argue about the number. We list what can happen, estimate it with its owner, and take the worst.",
        "carmen", 45, used=("ellen",),
    ),
    Kept(
        "Honest numbers:", ResourceKind.RECORDING, "Recording: what the sourcing suite is really used for",
        "Forty minutes, with the figures of five companies.", "The call of last month.", "arthur", 30,
        link="https://video.demo.example/sourcing-suite",
    ),
)  # fmt: skip


def make_library(members: Mapping[str, Member], now: datetime) -> None:
    """By the actions that people use, with the manager as the reviewer of most of it."""
    kept = [_made(row, members, now) for row in MADE] + [_kept(row, members, now) for row in KEPT]
    first = create_collection(
        kept[0].space,
        by=members["ines"],
        name="Contracts that hold",
        why="What members read before a contract of three years, in this order.",
        curator=members["carmen"],
        at=now - timedelta(days=20),
    )
    for resource in (kept[0], kept[1], kept[10]):
        add_to_collection(first, resource, by=members["carmen"], at=now - timedelta(days=19))
    second = create_collection(
        kept[5].space,
        by=members["ines"],
        name="Your first weeks in data",
        why="Short, and nothing in it needs a licence.",
        curator=members["hana"],
        at=now - timedelta(days=15),
    )
    add_to_collection(second, kept[5], by=members["hana"], at=now - timedelta(days=14))
    _unfinished(members, now)
    # One whose year is over, and one that was changed since.
    Resource.objects.filter(pk=kept[6].pk).update(review_on=(now - timedelta(days=3)).date())
    changed = Resource.objects.get(pk=kept[7].pk)
    words = ResourceWords(
        kind=ResourceKind(changed.kind),
        title=changed.title,
        summary=changed.summary,
        prose=Prose(
            changed.source + "\n\nOne more, for sleeping suppliers: those without an order for two years.",
            SourceFormat.MARKDOWN,
        ),
    )
    edit_resource(
        changed,
        by=changed.owner,
        words=words,
        version=changed.version,
        note="A query for sleeping suppliers.",
        at=now - timedelta(days=10),
    )


def _made(row: Made, members: Mapping[str, Member], now: datetime) -> Resource:
    topic, owner = _thread(row.thread), members[row.owner]
    posts = list(Post.objects.present().filter(topic=topic, number__in=row.numbers).order_by("number"))
    at = max(now - timedelta(days=row.day), posts[-1].created_at + timedelta(hours=2))
    parts = {post.pk: Part.CHALLENGED for post in posts if post.number in row.challenges}
    resource = make_resource(posts, by=owner, kind=row.kind, title=row.title, parts=parts, at=at)
    words = ResourceWords(
        kind=row.kind,
        title=row.title,
        summary=row.summary,
        prose=Prose(row.text, SourceFormat.MARKDOWN),
        is_undisputed=not row.challenges,
    )
    resource = edit_resource(resource, by=owner, words=words, version=resource.version, at=at)
    others = {key: member for key, member in members.items() if key != row.owner}
    asked = resource.contributors.exclude(member=owner).values_list("member", flat=True)
    if asked:
        ask_contributors(resource, by=owner, at=at)
    for key, member in others.items():
        if member.pk in asked:
            choice = Consent.NAMELESS if key in row.nameless else Consent.APPROVED
            answer_consent(resource, by=member, choice=choice, at=at + timedelta(hours=20))
    submit_resource(resource, by=owner, at=at + timedelta(days=1))
    resource = publish_resource(resource, by=members["ines"], at=min(at + timedelta(days=2), now))
    return _used(resource, row.used, members, now)


def _kept(row: Kept, members: Mapping[str, Member], now: datetime) -> Resource:
    topic, owner, at = _thread(row.thread), members[row.owner], now - timedelta(days=row.day)
    words = ResourceWords(
        kind=row.kind,
        title=row.title,
        summary=row.summary,
        link=row.link,
        prose=Prose(row.text, SourceFormat.MARKDOWN) if row.text else None,
    )
    resource = create_resource(topic.space, by=owner, words=words, topic=topic, at=at)
    submit_resource(resource, by=owner, at=at + timedelta(hours=3))
    resource = publish_resource(resource, by=members["ines"], at=min(at + timedelta(days=1), now))
    return _used(resource, row.used, members, now)


def _unfinished(members: Mapping[str, Member], now: datetime) -> None:
    """One that waits for its contributors, and one that waits for a reviewer."""
    topic = _thread("Small suppliers and ramp-up")
    posts = list(Post.objects.present().filter(topic=topic).order_by("number")[:3])
    waiting = make_resource(
        posts,
        by=members["nadia"],
        kind=ResourceKind.ARTICLE,
        title="Who pays for the second shift",
        at=now - timedelta(days=2),
    )
    ask_contributors(waiting, by=members["nadia"], at=now - timedelta(days=1))
    words = ResourceWords(
        kind=ResourceKind.TEMPLATE,
        title="A one-page brief for clinical staff",
        prose=Prose("What is tested, by whom, and what happens with the answer.", SourceFormat.MARKDOWN),
    )
    nurses = _thread("Involving nurses")
    brief = create_resource(
        nurses.space, by=members["grace"], words=words, topic=nurses, at=now - timedelta(days=3)
    )
    submit_resource(brief, by=members["grace"], at=now - timedelta(days=2))


def _used(
    resource: Resource, keys: tuple[str, ...], members: Mapping[str, Member], now: datetime
) -> Resource:
    published = resource.published_at or timezone.now()
    for step, key in enumerate(keys, start=1):
        at = min(published + timedelta(hours=7 * step), now)
        outcome = Outcome.CHANGED if step == 2 else Outcome.USED
        say_outcome(resource, outcome, by=members[key], at=at)
    for member in list(members.values())[::3]:
        if member.is_admitted:
            note_reader(resource, by=member)
    return resource


def _thread(beginning: str) -> Topic:
    return Topic.objects.select_related("space").get(title__startswith=beginning)
