"""A community with something to hide: closed rooms, and people who are not for everybody, full of words to look for.

Each secret word stands in exactly one place of one room or person, so that a leak names where it came from.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from io import BytesIO

from django.db import transaction
from django.test import Client
from django.utils import timezone

from community.core.models import (
    Activity,
    ApiToken,
    IdempotencyKey,
    Notice,
    NoticeReason,
    Scope,
    SearchEntry,
)
from community.core.notices import notify
from community.core.text import Prose, SourceFormat
from discussions.actions.ask_session import answer_question, ask_question, settle_session
from discussions.actions.attachment import attach_file
from discussions.actions.bookmark import bookmark_post
from discussions.actions.case import report_post
from discussions.actions.collection import add_to_collection, create_collection
from discussions.actions.contribution import answer_consent, ask_contributors, edit_passage, make_resource
from discussions.actions.file_text import read_files
from discussions.actions.message import report_message, send_message, start_conversation
from discussions.actions.pin import pin_topic
from discussions.actions.poll import close_poll, write_outcome
from discussions.actions.post import accept_answer, delete_post, edit_post, thank_post
from discussions.actions.rearrange import split_topic
from discussions.actions.resource import ResourceWords, create_resource, edit_resource, publish_resource
from discussions.actions.saved_view import save_view
from discussions.actions.space import add_space_member
from discussions.actions.steward import Rules, propose_steward, request_space, settle_quality, settle_space
from discussions.actions.submission import send_post
from discussions.actions.topic import close_topic, edit_topic, reopen_topic
from discussions.models import (
    AnswerRequest,
    Attachment,
    Bookmark,
    Case,
    Collection,
    Consent,
    Follow,
    FollowLevel,
    FollowReason,
    Message,
    Part,
    Poll,
    Post,
    ReportReason,
    Resource,
    ResourceKind,
    SavedView,
    SessionQuestion,
    Space,
    SpaceRequest,
    StewardProposal,
    Tag,
    Topic,
    TopicKind,
    visible_space_ids,
)
from discussions.quality import ARTICLE_COMMENTS, QualityRules
from members.actions.fact import FactChange, set_facts
from members.actions.introduction import create_introduction
from members.actions.invitation import send_invitation
from members.actions.member import deactivate_member
from members.actions.photo import change_photo
from members.actions.profile import ProfileChange, edit_profile, start_employment
from members.actions.review import note_application
from members.models import (
    Application,
    Introduction,
    Invitation,
    Member,
    Organisation,
    Photo,
    Role,
    SavedSearch,
    Visibility,
)
from tests.factories import (
    make_application,
    make_member,
    make_organisation,
    make_picture,
    make_poll,
    make_post,
    make_space,
    make_topic,
)

ROLES = (
    "stranger",
    "deactivated",
    "applicant",
    "member",
    "expert",
    "steward",
    "moderator",
    "manager",
    "executive",
    "administrator",
    "insider",
)
CLOSED = ("private", "hidden", "experts", "confidential")
# Rule 3.1 and 3.14, written down a second time on purpose: who sees which closed room.
OPEN_TO = {
    "private": {"moderator", "manager", "insider"},
    "hidden": {"moderator", "manager", "insider"},
    "experts": {"expert", "moderator", "manager", "insider"},
    "confidential": {"insider"},
}
WHERE_IN_A_ROOM = (
    "name",
    "purpose",
    "slug",
    "title",
    "body",
    "reply",
    "tag",
    "tagabout",
    "oldtitle",
    "oldbody",
    "editreason",
    "deleted",
    "closereason",
    "searchtext",
    "question",
    "sessionanswer",
    "outline",
    "pinreason",
    "splittitle",
    "held",
    "hidden",
    "reportwords",
    "proposal",
    "filename",
    "filetext",
    "viewname",
    "pollquestion",
    "pollabout",
    "polloption",
    "polloutcome",
    "resourcetitle",
    "resourcesummary",
    "resourcebody",
    "resourcelead",
    "resourceold",
    "resourcedraft",
    "resourcefile",
    "collectionname",
    "collectionwhy",
)
SPACE_PAGES = (
    "space_edit",
    "space_people",
    "space_member_add",
    "space_member_remove",
    "steward_add",
    "steward_end",
    "space_archive",
    "space_rules",
    "space_figures",
    "steward_propose",
    "stand_in_add",
    "space_reopen",
)
SESSION_PAGES = (
    "session_show",
    "session_edit",
    "session_ask",
    "session_transcript",
    "session_calendar",
    "api_session_show",
    "api_session_question_list",
)
WHERE_IN_A_PERSON = (
    "name",
    "handle",
    "biography",
    "place",
    "website",
    "canhelp",
    "looksfor",
    "title",
    "company",
)
WHERE_IN_AN_APPLICATION = ("name", "company", "note", "vouch")


def secret(owner: str, where: str) -> str:
    """No word of any language, one piece for every tokeniser, and found in small letters."""
    return f"zq{owner}{where}qz".replace("_", "")


@dataclass
class Room:
    space: Space
    topic: Topic
    first: Post
    post: Post
    deleted: Post
    closed: Topic
    tag: Tag
    file: Attachment
    session: Topic
    question: SessionQuestion
    poll: Poll
    closed_poll: Poll
    resource: Resource
    collection: Collection
    case: Case
    proposal: StewardProposal

    def ids(self) -> dict[str, object]:
        """What an address about this room is filled with."""
        return {
            "space_id": self.space.pk,
            "topic_id": self.topic.pk,
            "post_id": self.post.pk,
            "slug of space_show": self.space.slug,
            "slug of space_follow": self.space.slug,
            "slug of space_unfollow": self.space.slug,
            "slug of tag_show": self.tag.slug,
            "question_id": self.question.pk,
            "poll_id": self.poll.pk,
            "resource_id": self.resource.pk,
            "passage_id": self.resource.passages.earliest("pk").pk,
            "collection_id": self.collection.pk,
            "case_id": self.case.pk,
            "proposal_id": self.proposal.pk,
            "poll_id of poll_outcome": self.closed_poll.pk,
            "poll_id of poll_export": self.closed_poll.pk,
            "poll_id of api_poll_outcome": self.closed_poll.pk,
            **{f"slug of {name}": self.space.slug for name in SPACE_PAGES},
            **{f"slug of {name}": self.tag.slug for name in ("tag_accept", "tag_merge")},
            **{f"topic_id of {name}": self.session.pk for name in SESSION_PAGES},
            "name of attachment_show": self.file.name,
            "attachment_id": self.file.pk,
            "slug of tag_follow": self.tag.slug,
            "slug of tag_unfollow": self.tag.slug,
        }


@dataclass
class World:
    cast: dict[str, Member] = field(default_factory=dict)
    rooms: dict[str, Room] = field(default_factory=dict)
    writer: Member | None = None
    #: Whose words are held and hidden in every room.
    author: Member | None = None
    gone: Member | None = None
    asking: Member | None = None
    company: Organisation | None = None
    search: SavedSearch | None = None
    application: Application | None = None
    tokens: dict[str, ApiToken] = field(default_factory=dict)
    photo: Photo | None = None
    introduction: Introduction | None = None
    invitation: Invitation | None = None
    request: SpaceRequest | None = None
    message: Message | None = None
    bookmark: Bookmark | None = None
    notice: Notice | None = None
    saved_view: SavedView | None = None

    def client(self, role: str) -> Client:
        """Faults of the site come back as its own answer, as they would to anybody."""
        client = Client(raise_request_exception=False)
        if role != "stranger":
            client.force_login(self.cast[role])
        if role == "deactivated":
            # Signed in before: the open session is what must end.
            Member.objects.filter(pk=self.cast[role].pk).update(deactivated_at=timezone.now())
        return client


def make_world() -> World:
    world = make_open_world()
    hide_something_in(world)
    return world


def make_open_world() -> World:
    """The part that members see: the cast, an open room, and tokens."""
    world = World()
    for role in ROLES:
        if role != "stranger":
            granted = "member" if role in {"deactivated", "insider"} else role
            # Nobody reads addresses but their owner and those who administer accounts.
            world.cast[role] = make_member(
                f"Cast {role.title()}", role=granted, email=f"zqmail{role}qz@example.org"
            )
    world.writer = make_member(
        "Wendy Writer", also=["expert", "moderator"], email="zqmailwriterqz@example.org"
    )
    world.author = make_member("Otto Author")
    world.rooms["open"] = _make_room(world, "open")
    # Kept to oneself, and for people one follows back: there are none.
    kept = {
        "place": FactChange(["zqonlymeqz"], Visibility.ONLY_ME),
        "looks_for": FactChange(["zqfollowedbackqz"], Visibility.FOLLOWED_BACK),
    }
    set_facts(world.writer, kept, by=world.writer)
    world.photo = change_photo(world.writer, make_picture(), by=world.writer)
    world.introduction = create_introduction(
        world.writer, world.cast["insider"], reason="zqintroductionqz", by=make_member()
    )
    notify(
        [world.writer.pk],
        reason=NoticeReason.DECIDED,
        key="planted",
        title="zqnoticeqz",
        url="/",
        target=world.writer,
        at=timezone.now(),
    )
    world.notice = Notice.objects.get(key="planted")
    sent = attach_file(BytesIO(b"zqmessagefiletextqz"), by=world.writer, file_name="zqmessagefilenameqz.txt")
    world.message = start_conversation(
        [world.cast["insider"]],
        by=world.writer,
        prose=_prose(f"zqmessageqz [a]({sent.get_absolute_url()})"),
        at=timezone.now(),
    )
    read_files()
    send_message(world.message.conversation, by=world.cast["insider"], prose=_prose("zqmessageanswerqz"))
    third = make_member()
    start_conversation(
        [world.cast["insider"], third],
        by=world.writer,
        prose=_prose("zqmessagegroupqz"),
        name="zqgroupnameqz",
    )
    reported = start_conversation([world.writer], by=third, prose=_prose("zqmessagereportedqz"))
    report_message(reported, by=world.writer, reason=ReportReason.ABUSE, words="zqreportqz")
    world.bookmark = bookmark_post(
        world.rooms["open"].post, by=world.cast["insider"], note="zqbookmarknoteqz"
    )
    world.saved_view = save_view(by=world.cast["insider"], name="zqsavedviewqz", query="list=latest")
    world.invitation = send_invitation(
        by=make_member(role="manager"), email="zqmailinvitedqz@example.org", name="zqinvitednameqz"
    )
    askable = make_space("Askable", preset="private", slug="askable")
    settle_space(askable, by=None, rules=Rules(), templates={}, takes_requests=True)
    askable.refresh_from_db()
    world.request = request_space(askable, by=world.cast["insider"], words="zqrequestwordsqz")
    world.company = make_organisation("zqcompanyqz")
    world.application = make_application(
        secret("asker", "name"), email="zqmailaskerqz@example.org", company=secret("asker", "company")
    )
    note_application(world.application, secret("asker", "note"), by=world.cast["manager"])
    world.application.vouches.create(by=world.writer, words=secret("asker", "vouch"))
    start_employment(world.writer, world.company, by=None, title="Head", from_date=timezone.now().date())
    world.search = SavedSearch.objects.create(
        member=world.cast["insider"], name="zqsavedsearchqz", query="q=zqsavedqueryqz"
    )
    for role, member in world.cast.items():
        world.tokens[role] = ApiToken.objects.create(
            member=member,
            name=f"zqtokennameof{role}qz",
            prefix="trf_" + role[:4],
            digest=f"zqdigest{role}qz",
            scopes=[Scope.READ],
            expires_at=timezone.now() + timedelta(days=3),
        )
    return world


def hide_something_in(world: World) -> None:
    """Closed rooms in which members of the open one take part, somebody who has gone, and somebody who asks to come."""
    for preset in CLOSED:
        world.rooms[preset] = _make_room(world, preset)
        _remember_room(world, preset)
    world.gone = _make_person(world, "gone")
    make_post(topic=world.rooms["private"].topic, by=world.writer, body="One more.")
    deactivate_member(world.gone, by=world.cast["manager"], reason=secret("gone", "reason"))
    world.asking = _make_person(world, "asking", role="applicant")
    _leave_notices(world)


def _leave_notices(world: World) -> None:
    """What somebody was told of before they lost the right to see it: of every closed room, to everybody."""
    for preset in CLOSED:
        room = world.rooms[preset]
        notify(
            [member.pk for member in world.cast.values()],
            reason=NoticeReason.FOLLOWING,
            key=f"topic:{room.topic.pk}",
            title=secret(preset, "title"),
            url=room.post.get_absolute_url(),
            target=room.post,
            at=timezone.now(),
            space_id=room.space.pk,
            actor_id=world.writer.pk,
        )
        # Of a topic that stood in the open room on that day and was moved since.
        for reason, key, target in (
            (NoticeReason.THANKED, f"thanks:{room.first.pk}", room.first),
            (NoticeReason.ASKED, f"asked:{room.topic.pk}", room.topic),
            (NoticeReason.REMINDER, f"bookmark:{room.deleted.pk}", room.deleted),
        ):
            notify(
                [member.pk for member in world.cast.values()],
                reason=reason,
                key=key,
                title=secret(preset, "title"),
                url=room.post.get_absolute_url(),
                target=target,
                at=timezone.now(),
                space_id=world.rooms["open"].space.pk,
                at_once=True,
            )


def _make_room(world: World, preset: str) -> Room:
    """A room in which everything happened that leaves text behind. In the open room the words are no secret."""

    def word(where: str) -> str:
        return secret(preset, where)

    writer, insider = world.writer, world.cast["insider"]
    assert writer is not None
    space = make_space(
        word("name"), preset=preset, purpose=word("purpose"), slug=word("slug"), members=[writer, insider]
    )
    topic = make_topic(
        space=space,
        by=writer,
        kind="question",
        title=word("oldtitle"),
        body=word("oldbody"),
        tags=[word("tag")],
    )
    tag = Tag.objects.get(name=word("tag"))
    tag.description = word("tagabout")
    tag.save()
    edit_topic(topic, by=writer, title=word("title"), tags=[tag.name])
    first = Post.objects.get(topic=topic, number=1)
    Post.objects.filter(pk=first.pk).update(created_at=timezone.now() - timedelta(days=3))
    first.refresh_from_db()
    edit_post(first, by=writer, prose=_prose(word("body")), version=first.version, reason=word("editreason"))
    file = attach_file(BytesIO(word("filetext").encode()), by=insider, file_name=f"{word('filename')}.txt")
    reply = make_post(topic=topic, by=insider, body=f"{word('reply')} [a]({file.get_absolute_url()})")
    thank_post(reply, by=writer)
    accept_answer(reply, by=writer)
    deleted = make_post(topic=topic, by=writer, body=word("deleted"))
    delete_post(deleted, by=writer)
    close_topic(topic, by=writer, reason=word("closereason"))
    reopen_topic(topic, by=writer)
    other = make_topic(space=space, by=writer, title=f"Closed in {preset}", body=word("searchtext"))
    close_topic(other, by=writer, reason=word("closereason"))
    pin_topic(topic, by=writer, reason=word("pinreason"))
    split_off = make_post(topic=topic, by=writer)
    split_topic(topic, [split_off.number], by=writer, title=word("splittitle"), kind=TopicKind.DISCUSSION)
    settle_space(
        space,
        by=None,
        rules=Rules(),
        templates={TopicKind.QUESTION: word("outline")},
        takes_requests=False,
    )
    session = make_topic(space=space, by=writer, kind="session", title=word("title"))
    now = timezone.now()
    hours = settle_session(
        session, by=writer, hosts=[writer],
        opens_at=now, starts_at=now + timedelta(hours=1), ends_at=now + timedelta(hours=2),
    )  # fmt: skip
    answered = ask_question(hours, by=insider, prose=_prose(word("question")))
    answer_question(answered, by=writer, prose=_prose(word("sessionanswer")))
    question = ask_question(hours, by=insider, prose=_prose(word("question")))
    topic.refresh_from_db()
    poll = make_poll(
        place=topic,
        by=writer,
        title=word("pollquestion"),
        about=word("pollabout"),
        options=[word("polloption"), "Another"],
    )
    closed_poll = make_poll(place=space, by=writer, title=word("pollquestion"), options=["One", "Another"])
    close_poll(closed_poll, by=writer)
    write_outcome(closed_poll, by=writer, words=word("polloutcome"))
    resource, collection = _make_library(world, topic, first, reply, word)
    assert world.author is not None
    # Read anew: a member remembers which spaces are theirs.
    author = Member.objects.get(pk=world.author.pk)
    case, proposal = _moderate_something(topic, author, insider, word)
    return Room(
        space, topic, first, reply, deleted, other, tag, file, session, question, poll, closed_poll,
        resource, collection, case, proposal,
    )  # fmt: skip


def _moderate_something(
    topic: Topic, author: Member, insider: Member, word: Callable[[str], str]
) -> tuple[Case, StewardProposal]:
    """Words that only their author and whoever moderates read: held before they were posted, and hidden since."""
    space = topic.space
    if space.pk not in visible_space_ids(author):
        add_space_member(space, author, by=None)
    settle_quality(space, by=None, rules=ARTICLE_COMMENTS)
    pushed = f"{word('held')} is what we did [a](https://a.example/) and [b](https://b.example/) for a year."
    send_post(topic, by=author, prose=_prose(pushed), advised=["links"])
    settle_quality(space, by=None, rules=QualityRules())
    hidden = make_post(topic=topic, by=author, body=word("hidden"))
    report = report_post(hidden, by=insider, reason=ReportReason.ABUSE, words=word("reportwords"))
    proposal = propose_steward(space, author, by=insider, words=word("proposal"))
    assert report.case is not None
    return report.case, proposal


def _make_library(world: World, topic: Topic, first: Post, reply: Post, word) -> tuple[Resource, Collection]:
    """Something made of the thread and published, with a version, a file and a collection; and a draft."""
    writer, insider = world.writer, world.cast["insider"]
    resource = make_resource([first, reply], by=writer, kind=ResourceKind.ARTICLE, title=word("resourceold"))
    answer_consent(ask_contributors(resource, by=writer), by=insider, choice=Consent.APPROVED)
    edit_passage(
        resource.passages.get(post=first),
        by=writer,
        lead=word("resourcelead"),
        prose=Prose(first.source, SourceFormat(first.source_format)),
        part=Part.ASKED,
        position=1,
    )
    file = attach_file(BytesIO(b"words"), by=writer, file_name=f"{word('resourcefile')}.txt")
    words = ResourceWords(
        kind=ResourceKind.ARTICLE,
        title=word("resourceold"),
        summary=word("resourcesummary"),
        prose=_prose(f"{word('resourcebody')} [a]({file.get_absolute_url()})"),
        is_undisputed=True,
    )
    resource.refresh_from_db()
    resource = edit_resource(resource, by=writer, words=words, version=resource.version)
    resource = publish_resource(resource, by=writer)
    words = replace(words, title=word("resourcetitle"))
    resource = edit_resource(resource, by=writer, words=words, version=resource.version)
    create_resource(topic.space, by=writer, words=replace(words, title=word("resourcedraft")), topic=topic)
    read_files()
    collection = create_collection(
        topic.space, by=writer, name=word("collectionname"), why=word("collectionwhy")
    )
    add_to_collection(collection, resource, by=writer)
    return resource, collection


def _remember_room(world: World, preset: str) -> None:
    """What is left of an earlier right to see the room.

    Everybody follows it, was asked there, has marked a post in it and keeps a list of it.
    """
    room, now = world.rooms[preset], timezone.now()
    for member in world.cast.values():
        for followed in ({"topic": room.topic}, {"space": room.space}, {"tag": room.tag}):
            Follow.objects.get_or_create(
                member=member,
                **followed,
                defaults={
                    "level": FollowLevel.EVERYTHING,
                    "reason": FollowReason.CHOSEN,
                    "created_at": now - timedelta(days=9),
                },
            )
        Bookmark.objects.create(member=member, post=room.post)
        AnswerRequest.objects.create(topic=room.topic, member=member, asked_by=world.writer)
        SavedView.objects.create(
            member=member,
            name=secret(preset, "viewname"),
            query=f"list=latest&space={room.space.slug}",
            is_digest=True,
        )


def _make_person(world: World, owner: str, *, role: str = "member") -> Member:
    """A person whose every field is a word to look for; the manager wrote the profile where they cannot."""

    def word(where: str) -> str:
        return secret(owner, where)

    person = make_member(word("name"), role=role, handle=word("handle"), email=f"zqmail{owner}qz@example.org")
    change = ProfileChange(
        display_name=word("name"),
        time_zone="UTC",
        facts={
            "biography": FactChange([word("biography")]),
            "place": FactChange([word("place")]),
            "links": FactChange([f"https://{word('website')}.example/"]),
            "can_help_with": FactChange([word("canhelp")]),
            "looks_for": FactChange([word("looksfor")]),
        },
    )
    edit_profile(person, change, by=world.cast["manager"])
    company = make_organisation(word("company"))
    start_employment(person, company, by=None, title=word("title"), from_date=timezone.now().date())
    return person


def _prose(source: str) -> Prose:
    return Prose(source, SourceFormat.MARKDOWN)


def secrets_hidden_from(role: str) -> set[str]:
    """Every planted word that this role may meet on no page but the administration's."""
    hidden = {
        secret(room, where) for room in CLOSED if role not in OPEN_TO[room] for where in WHERE_IN_A_ROOM
    }
    # What was deleted is hidden from everybody but who may bring it back, and never shown in a list.
    hidden |= {secret(owner, where) for owner in ("gone", "asking") for where in WHERE_IN_A_PERSON}
    hidden.add(secret("gone", "reason"))
    hidden |= {f"zqmail{other}" for other in (*ROLES, "writer", "gone", "asking") if other != role}
    hidden |= {f"zqdigest{other}" for other in ROLES}
    # Rule 2.2: no role sees more of a person than other members do. Rule 2.7: the two who are asked read why.
    hidden |= {"zqonlymeqz", "zqfollowedbackqz"} | ({"zqintroductionqz"} if role != "insider" else set())
    hidden |= {f"zqtokennameof{other}qz" for other in ROLES if other != role}
    if role in {"manager", "administrator"}:
        # They choose among the companies, also those of which nobody is here (rule 0.4).
        hidden -= {secret(owner, "company") for owner in ("gone", "asking")}
    else:
        # Who asks to come in is between them and those who keep the gate; so is whom somebody invites (rule 1.7).
        hidden |= {secret("asker", where) for where in WHERE_IN_AN_APPLICATION} | {"zqmailasker"}
        hidden |= {"zqmailinvitedqz", "zqinvitednameqz"}
    # Rule 5.1: a draft is its owner's and of those who look after the space; administrators read the log.
    hidden |= (
        {secret("open", "resourcedraft")} if role not in {"moderator", "manager", "administrator"} else set()
    )
    # Rule 3.13: what is said between members is theirs; what was reported is read by those who decide about it.
    if role not in {"moderator", "manager"}:
        hidden |= {"zqmessagereportedqz", "zqreportqz"}
        hidden |= {secret("open", where) for where in ("held", "hidden", "reportwords")}
    # Rule 8.4: who is proposed as a steward is between who proposes and those who name them.
    hidden |= {secret("open", "proposal")} if role not in {"manager", "administrator"} else set()
    hidden |= (
        {"zqmessageqz", "zqmessageanswerqz", "zqmessagegroupqz", "zqgroupnameqz"}
        | {"zqmessagefiletextqz", "zqmessagefilenameqz"}
        if role != "insider"
        else set()
    )
    # Bookmarks and kept lists are their owner's alone.
    hidden |= {"zqnoticeqz"}
    hidden |= {"zqbookmarknoteqz", "zqsavedviewqz"} if role != "insider" else set()
    # Who looks after the space reads why somebody asks for it.
    hidden |= {"zqrequestwordsqz"} if role not in {"insider", "manager"} else set()
    # A search is its owner's alone.
    hidden |= {"zqsavedsearchqz", "zqsavedqueryqz"} if role != "insider" else set()
    if role in {"stranger", "deactivated", "applicant"}:
        hidden |= {secret("open", where) for where in WHERE_IN_A_ROOM} | {"zqcompanyqz", "Wendy"}
    return hidden


@contextmanager
def undone() -> Iterator[None]:
    """Whatever a request changes is taken back, so that the next one meets the same world."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def counts() -> dict[str, int]:
    """How many rows of each kind there are: for those who may change nothing, the same before and after."""
    kinds = (Activity, ApiToken, IdempotencyKey, Member, Post, Role, SearchEntry, Space, Tag, Topic)
    return {kind.__name__: kind.objects.count() for kind in kinds}
