"""Page-shaped reads of direct messages; each is for one who takes part, and for nobody else."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.contrib.postgres.search import SearchQuery
from django.db.models import Q, QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from community.core.keyset import read_time_key, split_page, time_key
from community.core.languages import config_of
from community.core.moments import Clock, Moment, initials
from community.core.permissions import Denied
from community.core.text import excerpt, plain_text
from discussions.models import (
    MESSAGES_PER_PAGE,
    Attachment,
    ContactPreference,
    ContactRule,
    Conversation,
    Message,
    Participant,
    ParticipantState,
)
from discussions.permissions import IN_BIN_FOR, MESSAGE_EDITABLE_FOR, can_write_in
from members.models import Member

CONVERSATIONS_PER_PAGE = 30
FOUND_MESSAGES = 50
_NAMES_SHOWN = 3

#: Tabs of the list, by the parameter that names them.
TABS = {
    "": (ParticipantState.JOINED,),
    "requests": (ParticipantState.ASKED,),
    "aside": (ParticipantState.IGNORED,),
}


@dataclass(frozen=True, slots=True)
class ConversationRow:
    """A conversation in the list: with whom, the beginning of the last words, and how many are new."""

    title: str
    url: str
    initials: str
    excerpt: str
    when: Moment
    new_label: str
    is_group: bool


@dataclass(frozen=True, slots=True)
class FoundMessage:
    """A message that holds the words somebody looked for among their own, itself or in a file of it."""

    title: str
    url: str
    author_name: str
    excerpt: str
    files: str
    when: Moment


@dataclass(frozen=True, slots=True)
class MessageRow:
    """One message. `report_url` is '' for one's own, the addresses for changing it for everybody else's.

    Of what its author deleted only `deleted_note` is left, and for 30 days the way back, or the way to report it.
    """

    anchor: str
    number: int
    author_name: str
    author_url: str
    author_initials: str
    when: Moment
    html: SafeString
    is_mine: bool
    is_first_new: bool
    report_url: str
    edited_label: str
    edit_url: str
    delete_url: str
    deleted_note: str
    restore_url: str


@dataclass(frozen=True, slots=True)
class ParticipantRow:
    """Somebody in a conversation, with the one word that says where they stand: '' for whoever takes part."""

    name: str
    url: str
    initials: str
    note: str


@dataclass(frozen=True, slots=True)
class ConversationPage:
    """The newest messages of a conversation, or those before a number."""

    id: int
    url: str
    title: str
    is_group: bool
    messages: list[MessageRow]
    earlier_url: str
    people: list[ParticipantRow]
    read_up_to: int
    is_asked: bool
    asked_sentence: str
    can_write: bool
    why_not: str
    can_add: bool
    can_leave: bool
    readable_by: str
    starts_late: bool


def open_conversation(user: Member, conversation_id: int) -> Conversation | None:
    """The conversation, where this person takes part. One query."""
    return Conversation.objects.visible_to(user).filter(pk=conversation_id).first()


def conversation_rows(
    user: Member, *, tab: str = "", before: str | None = None
) -> tuple[list[ConversationRow], str]:
    """One page of a tab, the last moved first, and the key of the next one. Three queries."""
    mine = Participant.objects.filter(member=user, state__in=TABS.get(tab, TABS[""]))
    rows = mine.select_related("conversation").order_by("-conversation__last_message_at", "-conversation_id")
    if key := read_time_key(before):
        at, last_id = key
        rows = rows.filter(
            Q(conversation__last_message_at__lt=at)
            | Q(conversation__last_message_at=at, conversation_id__lt=last_id)
        )
    shown, has_more = split_page(list(rows[: CONVERSATIONS_PER_PAGE + 1]), CONVERSATIONS_PER_PAGE)
    titles = _titles([row.conversation for row in shown], user)
    last = {
        message.conversation_id: message
        for message in Message.objects.visible_to(user)
        .filter(conversation__in=[row.conversation_id for row in shown])
        .order_by("conversation_id", "-number")
        .distinct("conversation_id")
        .select_related("author")
    }
    clock = Clock(timezone.now())
    made = [
        _row(row, titles[row.conversation_id], last.get(row.conversation_id), user, clock) for row in shown
    ]
    if not has_more:
        return made, ""
    conversation = shown[-1].conversation
    return made, time_key(conversation.last_message_at, conversation.pk)


def waiting_requests(user: Member) -> int:
    """How many first messages wait for an answer, up to the number of a page. One query."""
    asked = Participant.objects.filter(member=user, state=ParticipantState.ASKED)
    return asked[:CONVERSATIONS_PER_PAGE].count()


def found_messages(user: Member, words: str, *, limit: int = FOUND_MESSAGES) -> list[FoundMessage]:
    """Rule 3.16: the words among one's own messages, the newest first. Four queries."""
    if not words:
        return []
    found = list(messages_with(user, words).select_related("conversation", "author").order_by("-pk")[:limit])
    titles = _titles([message.conversation for message in found], user)
    files = _file_names([message.pk for message in found])
    clock = Clock(timezone.now())
    return [
        FoundMessage(
            title=titles[message.conversation_id],
            url=message.get_absolute_url(),
            author_name=_("You") if message.author_id == user.pk else message.author.display_name,
            excerpt=excerpt(plain_text(message.html)),
            files=", ".join(files.get(message.pk, [])),
            when=clock.moment(message.created_at),
        )
        for message in found
    ]


def messages_with(user: Member, words: str) -> QuerySet[Message]:
    """Those of one's own messages that hold the words, in the language they seem to be in or as they are."""
    query = SearchQuery(words, config=config_of(words), search_type="websearch")
    return Message.objects.visible_to(user).filter(vector=query)


def _file_names(message_ids: Sequence[int]) -> dict[int, list[str]]:
    """What was sent along with messages that the reader may see: their names, pictures left out."""
    names: dict[int, list[str]] = {}
    files = Attachment.objects.filter(message_id__in=message_ids, width=0).order_by("pk")
    for message_id, name in files.values_list("message_id", "file_name"):
        if message_id is not None:
            names.setdefault(message_id, []).append(name)
    return names


def conversation_page(
    conversation: Conversation, user: Member, *, before: int | None = None
) -> ConversationPage:
    """One page of a conversation that `user` takes part in. Six queries at most."""
    rows = list(conversation.participants.select_related("member").order_by("asked_at", "pk"))
    mine = next(row for row in rows if row.member_id == user.pk)
    last = min(before - 1, conversation.highest_number) if before else conversation.highest_number
    first = max(last - MESSAGES_PER_PAGE + 1, mine.first_number)
    messages = list(
        Message.objects.received_by(user)
        .filter(conversation=conversation, number__gte=first, number__lte=last)
        .select_related("author")
        .order_by("number")
    )
    shown = _shown_ids(user, [row.member for row in rows])
    now = timezone.now()
    decision = can_write_in(user, conversation)
    is_asked = mine.state in {ParticipantState.ASKED, ParticipantState.IGNORED}
    return ConversationPage(
        id=conversation.pk,
        url=conversation.get_absolute_url(),
        title=_title(conversation, rows, user),
        is_group=conversation.is_group,
        messages=[_message_row(message, user, mine, shown, now) for message in messages],
        earlier_url=f"{conversation.get_absolute_url()}?before={first}" if first > mine.first_number else "",
        people=[_person(row, user, shown) for row in rows if row.state != ParticipantState.LEFT],
        read_up_to=last,
        is_asked=is_asked,
        asked_sentence=_asked_sentence(conversation, mine, rows) if is_asked else "",
        can_write=bool(decision),
        why_not=decision.reason if isinstance(decision, Denied) else "",
        can_add=conversation.is_group and mine.state == ParticipantState.JOINED,
        can_leave=conversation.is_group and mine.state == ParticipantState.JOINED,
        readable_by=_readable_by(rows, user),
        starts_late=mine.first_number > 1,
    )


def contact_rule(user: Member) -> ContactRule:
    """Whose first messages this person takes. One query."""
    rule = ContactPreference.objects.filter(member=user).values_list("rule", flat=True).first()
    return ContactRule(rule or ContactRule.EVERYBODY)


def _titles(conversations: Sequence[Conversation], user: Member) -> dict[int, str]:
    people: dict[int, list[Participant]] = {}
    ids = {conversation.pk for conversation in conversations}
    for row in Participant.objects.filter(conversation__in=ids).select_related("member").order_by("pk"):
        people.setdefault(row.conversation_id, []).append(row)
    return {
        conversation.pk: _title(conversation, people.get(conversation.pk, []), user)
        for conversation in conversations
    }


def _title(conversation: Conversation, rows: Sequence[Participant], user: Member) -> str:
    if conversation.name:
        return conversation.name
    names = [
        row.member.display_name
        for row in rows
        if row.member_id != user.pk and (row.state != ParticipantState.LEFT or not conversation.is_group)
    ]
    if not names:
        return _("Nobody else")
    more = len(names) - _NAMES_SHOWN
    if more <= 0:
        return ", ".join(names)
    return ngettext("{names} and {count} more", "{names} and {count} more", more).format(
        names=", ".join(names[:_NAMES_SHOWN]), count=more
    )


def _row(mine: Participant, title: str, last: Message | None, user: Member, clock: Clock) -> ConversationRow:
    conversation = mine.conversation
    new = conversation.highest_number - max(mine.last_read_number, mine.first_number - 1)
    words = excerpt(plain_text(last.html), 140) if last else ""
    if last and last.author_id == user.pk:
        words = _("You: {words}").format(words=words)
    elif last and conversation.is_group:
        words = f"{last.author.display_name}: {words}"
    return ConversationRow(
        title=title,
        url=conversation.get_absolute_url(),
        initials=initials(title),
        excerpt=words,
        when=clock.moment(conversation.last_message_at),
        new_label=ngettext("{count} new", "{count} new", new).format(count=min(new, 99)) if new > 0 else "",
        is_group=conversation.is_group,
    )


def _message_row(
    message: Message, user: Member, mine: Participant, shown: set[int], now: datetime
) -> MessageRow:
    clock = Clock(now)
    is_mine = message.author_id == user.pk
    read = max(mine.last_read_number, mine.first_number - 1)
    author = message.author
    gone = message.deleted_at
    in_bin = gone is not None and now - gone < IN_BIN_FOR
    return MessageRow(
        anchor=f"message-{message.number}",
        number=message.number,
        author_name=author.display_name,
        author_url=author.get_absolute_url() if author.pk in shown else "",
        author_initials=initials(author.display_name),
        when=clock.moment(message.created_at),
        # Sanitised when it was stored, as posts are.
        html=mark_safe("" if gone else message.html),  # noqa: S308
        is_mine=is_mine,
        is_first_new=0 < read == message.number - 1 and not is_mine,
        report_url=reverse("message_report", args=[message.pk])
        if not is_mine and (in_bin or not gone)
        else "",
        edited_label=_edited_label(message, clock),
        edit_url=reverse("message_edit", args=[message.pk])
        if is_mine and not gone and now - message.created_at < MESSAGE_EDITABLE_FOR
        else "",
        delete_url=reverse("message_delete", args=[message.pk]) if is_mine and not gone else "",
        deleted_note=_deleted_note(message, is_mine) if gone else "",
        restore_url=reverse("message_restore", args=[message.pk]) if is_mine and in_bin else "",
    )


def _edited_label(message: Message, clock: Clock) -> str:
    if message.edited_at is None:
        return ""
    return _("Changed {when}").format(when=clock.moment(message.edited_at).relative)


def _deleted_note(message: Message, is_mine: bool) -> str:
    if is_mine:
        return _("You deleted this message.")
    return _("{name} deleted this message.").format(name=message.author.display_name)


def _shown_ids(user: Member, members: Sequence[Member]) -> set[int]:
    """Whose pages the reader may open: names stay, links need more."""
    ids = [member.pk for member in members]
    return set(Member.objects.visible_to(user).filter(pk__in=ids).values_list("pk", flat=True))


def _person(row: Participant, user: Member, shown: set[int]) -> ParticipantRow:
    note = ""
    if row.member_id == user.pk:
        note = _("you")
    elif row.state != ParticipantState.JOINED:
        # One word for everybody who has not said yes: who put it aside or declined is not to be told.
        note = _("has not answered yet")
    name = row.member.display_name
    url = row.member.get_absolute_url() if row.member_id in shown else ""
    return ParticipantRow(name=name, url=url, initials=initials(name), note=note)


def _asked_sentence(conversation: Conversation, mine: Participant, rows: Sequence[Participant]) -> str:
    asker = next((row.member.display_name for row in rows if row.member_id == mine.asked_by_id), "")
    if conversation.is_group:
        return _("{name} would like to have you in this conversation.").format(name=asker)
    return _("{name} writes to you for the first time.").format(name=asker)


def _readable_by(rows: Sequence[Participant], user: Member) -> str:
    names = [
        row.member.display_name
        for row in rows
        if row.member_id != user.pk and row.state != ParticipantState.LEFT
    ]
    if not names:
        return ""
    return _("Only {names} and you can read this. No staff can, unless one of you reports a message.").format(
        names=", ".join(names)
    )
