"""Members, spaces, topics and posts for tests, made by the actions that people use; `make_noun` each."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from io import BytesIO
from itertools import count

from django.utils import timezone
from PIL import Image

from community.core.activity import dispatch
from community.core.models import Activity
from community.core.text import Prose, SourceFormat
from discussions.actions.poll import PollRules, create_poll
from discussions.actions.post import create_post
from discussions.actions.space import add_space_member, create_space
from discussions.actions.topic import create_topic
from discussions.models import (
    Poll,
    PollKind,
    Post,
    Space,
    SpacePreset,
    Topic,
    TopicKind,
    forget_visible_spaces,
    visible_space_ids,
)
from members import subscribers  # noqa: F401 - what the worker loads too
from members.actions.application import start_application, submit_application
from members.actions.gate import default_tier
from members.actions.member import create_member, deactivate_member
from members.actions.role import grant_role
from members.models import Application, Member, Organisation, OrganisationKind, RoleName, Tier

PASSWORD = "seven quiet herons wade"

_numbers = count(1)

# Who may start topics in a read-only room without being listed anywhere.
_WRITERS_OF_PRESET = {SpacePreset.READ_ONLY: RoleName.MODERATOR, SpacePreset.EXPERTS: RoleName.EXPERT}


def make_member(
    name: str = "",
    *,
    role: RoleName | str = RoleName.MEMBER,
    also: Sequence[RoleName | str] = (),
    email: str | None = "",
    handle: str | None = None,
    password: str | None = None,
    time_zone: str = "UTC",
    at: datetime | None = None,
) -> Member:
    """An account with its role; without a password nobody can type one, and tests sign in with `client_as`."""
    number = next(_numbers)
    member = create_member(
        by=None,
        email=f"person{number}@example.org" if email == "" else email,
        display_name=name or f"Person {number}",
        handle=handle,
        role=RoleName(role),
        password=password,
        time_zone=time_zone,
        at=at,
    )
    for further in also:
        grant_role(member, RoleName(further), by=None)
    return member


def make_deactivated_member(name: str = "", *, by: Member | None = None) -> Member:
    member = make_member(name)
    return deactivate_member(member, by=by or make_member(role=RoleName.MANAGER), reason="left")


def make_picture(
    kind: str = "PNG", size: tuple[int, int] = (120, 80), colour: str = "teal", **options: object
) -> BytesIO:
    """A picture file of one colour. `options` go to the encoder."""
    target = BytesIO()
    Image.new("RGB", size, colour).save(target, kind, **options)
    target.seek(0)
    return target


def make_organisation(name: str = "", *, kind: OrganisationKind = OrganisationKind.CUSTOMER) -> Organisation:
    number = next(_numbers)
    return Organisation.objects.create(name=name or f"Company {number}", slug=f"company-{number}", kind=kind)


def make_tier(name: str = "", **values: object) -> Tier:
    number = next(_numbers)
    return Tier.objects.create(name=name or f"Tier {number}", slug=f"tier-{number}", **values)


def make_application(
    name: str = "",
    *,
    tier: Tier | None = None,
    email: str = "",
    company: str = "",
    sent: bool = True,
    at: datetime | None = None,
) -> Application:
    """Somebody who has asked to come in; without `tier` to the first one, without `sent` still writing."""
    number = next(_numbers)
    application = start_application(
        email or f"applicant{number}@example.org",
        tier or default_tier(),
        name=name or f"Applicant {number}",
        at=at,
    )
    if company:
        Application.objects.filter(pk=application.pk).update(company_name=company)
    if sent:
        application = submit_application(application, by=application.member, at=at)
    return Application.objects.select_related("member", "tier").get(pk=application.pk)


def make_space(
    name: str = "",
    *,
    preset: SpacePreset | str = SpacePreset.OPEN,
    members: Sequence[Member] = (),
    purpose: str = "",
    slug: str | None = None,
    topic_kinds: Sequence[TopicKind] = tuple(TopicKind),
) -> Space:
    """A space that lists those `members`; nobody else is listed."""
    number = next(_numbers)
    space = create_space(
        by=None,
        name=name or f"Space {number}",
        purpose=purpose,
        preset=SpacePreset(preset),
        slug=slug or f"space-{number}",
        topic_kinds=topic_kinds,
    )
    for member in members:
        add_space_member(space, member, by=None)
    return space


def make_topic(
    *,
    space: Space | None = None,
    by: Member | None = None,
    title: str = "",
    body: str = "",
    kind: TopicKind | str = TopicKind.DISCUSSION,
    tags: Sequence[str] = (),
    at: datetime | None = None,
    source_format: SourceFormat = SourceFormat.MARKDOWN,
) -> Topic:
    """A topic with its first post. Without `space` in a new open one, without `by` from who may write there."""
    number = next(_numbers)
    space = space or make_space()
    author = by or make_writer(space)
    forget_visible_spaces(author)
    return create_topic(
        space,
        by=author,
        kind=TopicKind(kind),
        title=title or f"Topic {number}",
        prose=Prose(body or f"The first words of topic {number}.", source_format),
        tags=tags,
        at=at,
    )


def make_post(
    *,
    topic: Topic | None = None,
    by: Member | None = None,
    body: str = "",
    reply_to: Post | None = None,
    at: datetime | None = None,
    source_format: SourceFormat = SourceFormat.MARKDOWN,
) -> Post:
    """A reply. Without `topic` in a new one, without `by` from somebody who may write there."""
    number = next(_numbers)
    topic = topic or make_topic()
    author = by or make_writer(topic.space)
    forget_visible_spaces(author)
    return create_post(
        topic,
        by=author,
        prose=Prose(body or f"The words of reply {number}.", source_format),
        reply_to=reply_to,
        at=at,
    )


def make_poll(
    *,
    place: Space | Topic | None = None,
    by: Member | None = None,
    title: str = "",
    options: Sequence[str | datetime] = ("One", "Two", "Three"),
    closes_at: timedelta = timedelta(days=7),
    kind: PollKind = PollKind.SINGLE,
    about: str = "",
    **rules: object,
) -> Poll:
    """A poll, without `place` in a new open space, that closes after `closes_at`; `rules` are those of `PollRules`."""
    number = next(_numbers)
    place = place or make_space()
    author = by or make_writer(place if isinstance(place, Space) else place.space)
    forget_visible_spaces(author)
    return create_poll(
        place,
        by=author,
        title=title or f"Poll {number}",
        options=options,
        about=about,
        rules=PollRules(kind=kind, closes_at=timezone.now() + closes_at, **rules),
    )


def make_writer(space: Space) -> Member:
    """A new member who may write in the space, listed there where that is what it takes."""
    writer = make_member(role=_WRITERS_OF_PRESET.get(SpacePreset(space.preset), RoleName.MEMBER))
    if space.pk not in visible_space_ids(writer):
        add_space_member(space, writer, by=None)
    return writer


def dispatch_activity() -> int:
    """Run every subscriber of what was recorded so far, as the worker would. Returns how many rows were settled."""
    return dispatch(list(Activity.objects.undispatched().order_by("id").values_list("id", flat=True)))
