"""A community in which every page of conversation, search and notices has something on it, in words of one's choice."""

from dataclasses import dataclass, field
from datetime import timedelta

from django.urls import reverse
from django.utils import timezone

from community.core.mail_links import act_url, stop_url
from community.core.models import Notice
from community.core.text import Prose, SourceFormat
from community.views.gallery import WORDS
from discussions.actions.answering import claim_question, request_answer
from discussions.actions.ask_session import answer_question, ask_question, settle_session, support_question
from discussions.actions.bookmark import bookmark_post
from discussions.actions.draft import save_draft
from discussions.actions.message import send_message, start_conversation
from discussions.actions.pin import pin_topic, switch_replies
from discussions.actions.post import accept_answer, delete_post, edit_post, thank_post
from discussions.actions.saved_view import save_view
from discussions.actions.steward import Rules, name_steward, request_space, settle_space
from discussions.actions.topic import close_topic
from discussions.models import Post, TopicKind
from members.actions.expertise import grant_expertise
from members.models import Member
from tests.factories import dispatch_activity, make_member, make_post, make_space, make_topic


@dataclass
class Stage:
    """Who looks, and at which addresses."""

    member: Member
    """Has something of everything, and hosts a session."""
    newcomer: Member
    """Has nothing yet: sees the empty states."""
    manager: Member
    pages: dict[str, dict[str, str]] = field(default_factory=dict)
    """By who looks: a name and an address of every page."""


def make_stage(words: str = "short") -> Stage:
    """`words` is a case of the gallery: short, long, hostile, rtl."""
    said = WORDS[words]
    month_ago = timezone.now() - timedelta(days=40)
    member, other, third = (make_member(said[name], at=month_ago) for name in ("name", "other", "name"))
    manager = make_member("Marek Manager", role="manager", at=month_ago)
    stage = Stage(member, make_member("Nils New"), manager)
    tag = said["tag"]
    space = make_space(said["space"], purpose=said["purpose"], slug="stage")
    circle = make_space(
        said["space"], preset="private", purpose=said["purpose"], slug="circle", members=[other]
    )
    circle = settle_space(circle, by=None, rules=Rules(), templates={}, takes_requests=True)
    request_space(circle, by=member, words=said["sentence"])
    name_steward(space, other, by=None, until=timezone.now() + timedelta(days=90))
    grant_expertise(third, topic=tag, evidence="A talk on it.", by=manager)

    def topic(**values):
        return make_topic(**({"space": space, "by": other, "title": said["title"]} | values))

    def reply(to, by=other, **values):
        return make_post(topic=to, by=by, body=said["sentence"], **values)

    question = topic(by=member, kind="question", tags=[tag], at=timezone.now() - timedelta(days=3))
    asked = reply(question)
    answer = reply(question, third, reply_to=asked)
    reply(question, member, reply_to=answer)
    thank_post(answer, by=member)
    accept_answer(answer, by=member)
    edited = Post.objects.get(topic=question, number=1)
    edit_post(edited, by=member, prose=_prose(said["sentence"] * 2), version=1, reason=said["title"][:80])
    delete_post(reply(question, member), by=member)
    for _number in range(24):
        reply(question)
    open_question = topic(kind="question", tags=[tag])
    claim_question(open_question, by=third)
    mine = topic(by=member, kind="question", tags=[tag])
    request_answer(mine, third, by=member)
    closed = topic(title=f"{said['title'][:60]} (closed)")
    close_topic(closed, by=manager, reason=said["sentence"][:150])
    pinned = topic(by=manager, kind="announcement", title=f"{said['title'][:60]} (news)")
    pin_topic(pinned, by=manager, reason=said["sentence"][:150])
    switch_replies(pinned, by=manager, takes_replies=False)
    for number in range(8):
        reply(topic(title=f"{number} {said['title']}"[:200]), member)

    session = topic(by=manager, kind="session", title=f"{said['title'][:60]} (session)")
    now = timezone.now()
    hours = settle_session(
        session, by=None, opens_at=now - timedelta(hours=1), starts_at=now, ends_at=now + timedelta(hours=1),
        hosts=[member],
    )  # fmt: skip
    waiting = ask_question(hours, by=other, prose=_prose(said["sentence"]))
    support_question(waiting, by=third)
    answer_question(
        ask_question(hours, by=third, prose=_prose(said["sentence"])),
        by=member,
        prose=_prose(said["sentence"]),
    )
    coming = topic(by=manager, kind="session", title=f"{said['title'][:60]} (coming)")
    settle_session(
        coming, by=None, opens_at=now, starts_at=now + timedelta(days=1), ends_at=now + timedelta(days=2),
        hosts=[member],
    )  # fmt: skip

    message = start_conversation([third], by=member, prose=_prose(said["sentence"]))
    theirs = send_message(message.conversation, by=third, prose=_prose(said["sentence"]))
    group = start_conversation([third, other], by=member, prose=_prose("Hello."), name=said["title"][:60])
    first_contact = start_conversation([member], by=other, prose=_prose(said["sentence"]))

    mark = bookmark_post(answer, by=member, note=said["title"][:200], remind_at=now + timedelta(days=2))
    bookmark_post(asked, by=member)
    kept = save_view(by=member, name=said["title"][:60], query=f"list=latest&tag={question.tags.get().slug}")
    save_draft(f"reply:{open_question.pk}", {"body": said["sentence"]}, 0, by=member)
    save_draft("topic:new:stage", {"title": said["title"], "body": said["sentence"]}, 0, by=member)
    reply(mine)
    # Last: factories have not looked for similar topics first.
    settle_space(
        space,
        by=None,
        rules=Rules(least_length=1, look_first=True),
        templates={TopicKind.QUESTION: f"What have you tried?\n\n{said['sentence']}"},
        takes_requests=False,
    )
    dispatch_activity()
    assert Notice.objects.filter(member=member).exists()

    def of(name, *args):
        return reverse(name, args=args)

    lists = {
        "for you": "/topics/", "latest": "/topics/?list=latest", "unanswered": "/topics/?list=unanswered",
        "most useful": "/topics/?list=useful",
    }  # fmt: skip
    member_pages = {
        "home": "/",
        **lists,
        "narrowed": f"/topics/?list=latest&space=stage&kind=question&unread=1&tag={question.tags.get().slug}",
        "kept list": f"/topics/?{kept.query}",
        "kept list, settings": of("saved_view_edit", kept.pk),
        "spaces": "/spaces/",
        "space": space.get_absolute_url(),
        "ask to be listed": of("space_ask", "circle"),
        "tag": question.tags.get().get_absolute_url(),
        "question": f"{question.get_absolute_url()}?page=1",
        "question, last page": f"{question.get_absolute_url()}?page=2",
        "open question": open_question.get_absolute_url(),
        "closed": closed.get_absolute_url(),
        "announcement": pinned.get_absolute_url(),
        "new topic": "/topics/new/?space=stage&kind=question",
        "topic, settings": of("topic_edit", question.pk),
        "people who know": of("topic_experts", mine.pk),
        "replies to a post": of("post_replies", asked.pk),
        "edit a post": of("post_edit", edited.pk),
        "versions": of("post_history", edited.pk),
        "bookmarks": "/bookmarks/",
        "bookmark": of("bookmark_edit", mark.pk),
        "drafts": "/drafts/",
        "bin": "/posts/deleted/",
        "posts of a person": of("member_posts", third.handle),
        "session": of("session_show", session.pk),
        "coming session": of("session_show", coming.pk),
        "transcript": of("session_transcript", session.pk),
        "answer in a session": of("question_answer", waiting.pk),
        "messages": "/messages/",
        "requests": "/messages/?tab=requests",
        "conversation": message.conversation.get_absolute_url(),
        "group": group.conversation.get_absolute_url(),
        "first contact": first_contact.conversation.get_absolute_url(),
        "new message": f"/messages/new/?to={third.handle}",
        "contact rule": "/messages/rule/",
        "report": of("message_report", theirs.pk),
        "change a message": of("message_edit", message.pk),
        "search, begin": "/search/",
        "search, results": "/search/?q=topic",
        "search, operators": "/search/?q=topic kind:question is:unanswered",
        "search, wrong operator": "/search/?q=the in:nowhere before:never",
        "search, none": "/search/?q=nothing-like-this",
        "search, people": "/search/?q=nils kind:person",
        "search, one topic": f"/search/?q=what&topic={question.pk}",
        "inbox": "/notices/",
        "inbox, unread": "/notices/?show=unread",
        "choices of notices": "/me/notices/",
    }
    own = question.get_absolute_url()
    manager_pages = {
        "space": space.get_absolute_url(),
        "space, settings": of("space_edit", "stage"),
        "space, people": of("space_people", "stage"),
        "closed space, people": of("space_people", "circle"),
        "question": own,
        "announcement": pinned.get_absolute_url(),
        "pin": of("topic_pin", question.pk),
        "move": of("topic_move", question.pk),
        "move, chosen": f"{of('topic_move', question.pk)}?space=circle&reason=Why",
        "split": of("topic_split", question.pk),
        "merge": of("topic_merge", question.pk),
        "merge, chosen": f"{of('topic_merge', question.pk)}?into={mine.pk}&reason=Why",
        "session, settings": of("session_edit", session.pk),
        "tags": "/tags/",
        "new announcement": "/topics/new/?space=stage&kind=announcement",
    }
    empty = ("/", *lists.values(), "/bookmarks/", "/drafts/", "/posts/deleted/", "/messages/", "/notices/")
    stage.pages = {
        "member": member_pages,
        "manager": manager_pages,
        "newcomer": {path: path for path in (*empty, "/messages/?tab=requests", "/me/notices/")},
        "stranger": {
            "stop": _path(stop_url(member.pk, "reason", "replied")),
            "stop digest": _path(stop_url(member.pk, "digest", "all")),
            "stop topic": _path(stop_url(member.pk, "topic", str(question.pk))),
            "thank": _path(act_url(member.pk, "thanks", str(answer.pk))),
            "useful": _path(act_url(member.pk, "useful", "digest:1")),
        },
    }
    return stage


def _prose(source: str) -> Prose:
    return Prose(source, SourceFormat.MARKDOWN)


def _path(url: str) -> str:
    return "/" + url.split("/", 3)[3]
