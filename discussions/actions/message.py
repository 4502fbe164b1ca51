"""Direct messages: writing, answering a first one, groups, and reporting what should not have been written."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from celery import shared_task
from django.contrib.postgres.search import SearchVector
from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q, Value
from django.db.models.expressions import Combinable
from django.utils import timezone
from django.utils.translation import gettext as _

from community.core.activity import record
from community.core.errors import Conflict, Invalid, Refused
from community.core.idempotency import claim
from community.core.languages import config_of
from community.core.models import Audience
from community.core.notices import read_notices
from community.core.permissions import require
from community.core.text import (
    RENDERER_VERSION,
    Prose,
    SourceFormat,
    clean_line,
    plain_text,
    render,
)
from community.core.verbs import Verb
from discussions.actions.attachment import claim_attachments
from discussions.actions.case import About, file_report
from discussions.actions.post import SILENT_FOR
from discussions.actions.topic import clean_prose
from discussions.models import (
    GROUP_LIMIT,
    GROUP_NAME_LENGTH,
    UNANSWERED,
    Attachment,
    CaseKind,
    ContactPreference,
    ContactRule,
    Conversation,
    Message,
    Participant,
    ParticipantState,
    Report,
    ReportReason,
)
from discussions.permissions import (
    IN_BIN_FOR,
    can_contact,
    can_delete_message,
    can_edit_message,
    can_report_message,
    can_restore_message,
    can_write_in,
)
from members.models import Member, Tie, TieKind
from members.permissions import is_admitted

#: How many people somebody may write to for the first time in a day; newcomers are not yet known to anybody.
FIRST_CONTACTS_A_DAY: Final = 10
FIRST_CONTACTS_OF_A_NEWCOMER: Final = 3
NEWCOMER_FOR: Final = timedelta(days=7)
#: What is reported is read with what led to it.
CONTEXT_MESSAGES: Final = 3
_REPORTED_CHARACTERS: Final = 5_000
FORGET_AT_ONCE: Final = 1_000


def notice_key(conversation_id: int) -> str:
    """Rule 9.1: one notice a conversation until it is read."""
    return f"conversation:{conversation_id}"


@transaction.atomic
def start_conversation(
    others: Sequence[Member],
    *,
    by: Member,
    prose: Prose,
    name: str = "",
    idempotency_key: str | None = None,
    at: datetime | None = None,
) -> Message:
    """Rule 3.13: write to one person or begin a small group; who is written to for the first time is asked.

    `others` must be visible to `by`. Two people have one conversation: writing again goes on with it. Raises
    `Refused` for somebody who cannot be written to, and `Invalid` for nobody, too many, and too many first contacts.
    """
    require(is_admitted(by))
    people = {member.pk: member for member in others if member.pk != by.pk}
    claimed = claim(
        idempotency_key,
        by=by,
        action="start_conversation",
        request={"to": sorted(people), "source": prose.source, "name": name},
    )
    if claimed.target_id is not None:
        return Message.objects.select_related("conversation").get(pk=claimed.target_id)
    if not people:
        sentence = _("Say whom you write to: somebody else than yourself.")
        raise Invalid(sentence, fields={"to": [sentence]})
    if len(people) >= GROUP_LIMIT:
        raise _too_many()
    # All rows, in one order: two who write to each other at once meet here.
    list(
        Member.objects.select_for_update(no_key=True)
        .filter(pk__in=[by.pk, *people])
        .order_by("pk")
        .values_list("pk", flat=True)
    )
    now = at or timezone.now()
    conversation = _of_two(by, next(iter(people))) if len(people) == 1 else None
    if conversation is None:
        conversation = _open(people, by=by, name=clean_line(name)[:GROUP_NAME_LENGTH], at=now)
    else:
        # Whoever had declined and now writes has changed their mind.
        conversation.participants.filter(member=by, state=ParticipantState.DECLINED).update(
            state=ParticipantState.JOINED
        )
    message = send_message(conversation, by=by, prose=prose, at=now)
    claimed.settle(message.pk)
    return message


@transaction.atomic
def send_message(
    conversation: Conversation,
    *,
    by: Member,
    prose: Prose,
    idempotency_key: str | None = None,
    at: datetime | None = None,
) -> Message:
    """Write the next message, numbered under the lock on the conversation. Answering a first message accepts it.

    Raises `Refused` with the reason of `can_write_in`, and `Invalid` for an empty or overlong body.
    """
    claimed = claim(
        idempotency_key,
        by=by,
        action="send_message",
        request={"conversation": conversation.pk, "source": prose.source},
    )
    if claimed.target_id is not None:
        return Message.objects.select_related("conversation").get(pk=claimed.target_id)
    prose = clean_prose(prose)
    rendered = render(prose.source, prose.source_format)
    conversation = Conversation.objects.select_for_update().get(pk=conversation.pk)
    require(can_write_in(by, conversation))
    now = at or timezone.now()
    conversation.highest_number += 1
    conversation.last_message_at = now
    conversation.save(update_fields=["highest_number", "last_message_at"])
    message = Message.objects.create(
        conversation=conversation,
        number=conversation.highest_number,
        author=by,
        source=prose.source,
        source_format=prose.source_format,
        html=rendered.html,
        renderer_version=RENDERER_VERSION,
        created_at=now,
        vector=message_vector(rendered.plain),
    )
    claim_attachments(rendered.html, by=by, message_id=message.pk)
    mine = Participant.objects.get(conversation=conversation, member=by)
    if mine.state != ParticipantState.JOINED:
        _accept(mine, by=by)
    Participant.objects.filter(pk=mine.pk).update(last_read_number=message.number)
    record(
        Verb.MESSAGE_SENT,
        by=by,
        at=now,
        target=message,
        audience=Audience.MEMBER,
        is_group=conversation.is_group,
        is_first=message.number == 1,
    )
    claimed.settle(message.pk)
    return message


@transaction.atomic
def edit_message(
    message: Message, *, by: Member, prose: Prose, version: int, at: datetime | None = None
) -> Message:
    """Change one's own words within 15 minutes; inside five it is silent (rule 3.7), later readers see that it was.

    `version` is the one the editor started from: raises `Conflict` where another window saved meanwhile. Raises
    `Refused` with the reason of `can_edit_message`, and `Invalid` for an empty or overlong body.
    """
    prose = clean_prose(prose)
    message = _locked_message(message)
    require(can_edit_message(by, message))
    if message.version != version:
        raise Conflict(_("You saved this message in another window meanwhile. Compare, and save again."))
    if prose == Prose(message.source, SourceFormat(message.source_format)):
        return message
    now = at or timezone.now()
    rendered = render(prose.source, prose.source_format)
    if now - message.created_at > SILENT_FOR:
        message.edited_at = now
    message.version += 1
    message.source, message.source_format = prose.source, prose.source_format
    message.html, message.renderer_version = rendered.html, RENDERER_VERSION
    _put_words(message, rendered.plain)
    claim_attachments(rendered.html, by=by, message_id=message.pk)
    record(
        Verb.MESSAGE_EDITED,
        by=by,
        at=now,
        target=message,
        audience=Audience.MEMBER,
        version=message.version,
    )
    return message


@transaction.atomic
def delete_message(message: Message, *, by: Member) -> Message:
    """Take one's own message away from everybody, its files and its place in the search with it; the number stays.

    What was reported stays with the moderators. Raises `Refused` for somebody else's; deleting again changes nothing.
    """
    message = _locked_message(message)
    require(can_delete_message(by, message))
    if message.deleted_at is None:
        message.deleted_at = timezone.now()
        message.save(update_fields=["deleted_at"])
        record(Verb.MESSAGE_DELETED, by=by, target=message, audience=Audience.MEMBER)
    return message


@transaction.atomic
def restore_message(message: Message, *, by: Member) -> Message:
    """Bring one's own deleted message back to its number.

    Raises `Conflict` where it is there, and `Refused` after 30 days.
    """
    message = _locked_message(message)
    require(can_restore_message(by, message))
    if message.deleted_at is None:
        raise Conflict(_("This message is there already."))
    message.deleted_at = None
    message.save(update_fields=["deleted_at"])
    record(Verb.MESSAGE_RESTORED, by=by, target=message, audience=Audience.MEMBER)
    return message


@shared_task(name="discussions.forget_deleted_messages")
def forget_deleted_messages() -> int:
    """Rule 3.7: thirty days after a message was deleted its words go, and its files. Safe to run twice.

    Returns how many. The files themselves go with those that no row names.
    """
    with transaction.atomic():
        old = Message.objects.select_for_update(skip_locked=True).filter(
            # What moderation has hidden waits for its decision.
            deleted_at__lt=timezone.now() - IN_BIN_FOR,
            hidden_at__isnull=True,
        )
        ids = list(old.exclude(html="").order_by("pk").values_list("pk", flat=True)[:FORGET_AT_ONCE])
        Attachment.objects.filter(message_id__in=ids).delete()
        Message.objects.filter(pk__in=ids).update(
            source="", html="", version=F("version") + 1, vector=message_vector("")
        )
    return len(ids)


@transaction.atomic
def answer_conversation(conversation: Conversation, *, state: ParticipantState, by: Member) -> Participant:
    """Accept (`JOINED`), put aside (`IGNORED`) or decline (`DECLINED`) a first message or a group one was added to.

    Only a yes is told: the other two leave no activity, and whoever asked sees somebody who has not answered. Raises
    `Conflict` where there is nothing to answer.
    """
    require(is_admitted(by))
    mine = _locked_participant(conversation, by)
    if mine.state not in {ParticipantState.ASKED, ParticipantState.IGNORED} or state not in {
        ParticipantState.JOINED,
        ParticipantState.IGNORED,
        ParticipantState.DECLINED,
    }:
        raise Conflict(_("There is nothing to answer here any more."))
    if state == ParticipantState.JOINED:
        return _accept(mine, by=by)
    mine.state = state
    mine.save(update_fields=["state"])
    read_notices(by, notice_key(conversation.pk))
    return mine


@transaction.atomic
def leave_conversation(conversation: Conversation, *, by: Member) -> Participant:
    """Leave a group: what was said there is not read any more. Raises `Conflict` for a conversation of two."""
    require(is_admitted(by))
    mine = _locked_participant(conversation, by)
    if not conversation.is_group:
        raise Conflict(_("This is between the two of you. Mute or block the other person instead."))
    if mine.state != ParticipantState.JOINED:
        raise Conflict(_("You are not in this conversation any more."))
    mine.state = ParticipantState.LEFT
    mine.save(update_fields=["state"])
    read_notices(by, notice_key(conversation.pk))
    record(Verb.PARTICIPANT_LEFT, by=by, target=mine, audience=Audience.MEMBER)
    return mine


@transaction.atomic
def add_participant(conversation: Conversation, member: Member, *, by: Member) -> Participant:
    """Bring somebody into a group; they read from here on, and are asked first unless you two have talked.

    `member` must be visible to `by`. Raises `Conflict` for a conversation of two and for somebody who is in it,
    `Refused` where they or the group cannot take it, `Invalid` where the group is full.
    """
    require(is_admitted(by))
    if not conversation.is_group:
        raise Conflict(_("This is between the two of you. Start a group with everybody instead."))
    list(
        Member.objects.select_for_update(no_key=True)
        .filter(pk__in=[by.pk, member.pk])
        .order_by("pk")
        .values_list("pk", flat=True)
    )
    mine = _locked_participant(conversation, by)
    conversation = mine.conversation
    if mine.state != ParticipantState.JOINED:
        raise Refused(_("Only those who take part in the group bring somebody in."))
    rows = {row.member_id: row for row in conversation.participants.all()}
    earlier = rows.pop(member.pk, None)
    if earlier is not None and earlier.state != ParticipantState.LEFT:
        raise Conflict(_("{name} has been asked already.").format(name=member.display_name))
    present = [row.member_id for row in rows.values() if row.state != ParticipantState.LEFT]
    if len(present) >= GROUP_LIMIT:
        raise _too_many()
    apart = Tie.objects.filter(
        Q(member=member, other__in=present) | Q(other=member, member__in=present), kind=TieKind.BLOCK
    )
    if apart.exists():
        # Whoever it is that keeps apart from them is not to be guessed.
        require(can_contact(by, member))
        raise Refused(
            _("{name} cannot be brought into this group just now.").format(name=member.display_name)
        )
    known = _know_each_other(by, [member.pk])
    is_first = member.pk not in known
    _allow_contact([member], known, by=by)
    row, _is_new = Participant.objects.update_or_create(
        conversation=conversation,
        member=member,
        defaults={
            "state": ParticipantState.ASKED if is_first or earlier else ParticipantState.JOINED,
            "first_number": conversation.highest_number + 1,
            "last_read_number": conversation.highest_number,
            "asked_by": by,
            "asked_at": timezone.now(),
            "is_first_contact": is_first,
        },
    )
    record(Verb.PARTICIPANT_ADDED, by=by, target=row, audience=Audience.MEMBER)
    return row


def mark_conversation_read(conversation: Conversation, member: Member, number: int) -> None:
    """Remember that the member has read up to `number`: one statement, and it never goes back."""
    Participant.objects.filter(conversation=conversation, member=member, last_read_number__lt=number).update(
        last_read_number=number
    )


@transaction.atomic
def set_contact_rule(rule: ContactRule, *, by: Member) -> ContactPreference:
    """Say who may write to oneself for the first time. A private matter: no activity."""
    require(is_admitted(by))
    row, _is_new = ContactPreference.objects.update_or_create(member=by, defaults={"rule": rule})
    return row


@transaction.atomic
def report_message(
    message: Message, *, by: Member, reason: ReportReason, words: str = "", at: datetime | None = None
) -> Report:
    """Hand a message to the moderators, with the three before it that the reporter can read, as they stand now.

    `by` must have received `message`, which its author may have deleted since. Raises `Refused` for one's own and for
    words that are gone, `Conflict` where one has reported it already.
    """
    require(can_report_message(by, message))
    before = (
        Message.objects.received_by(by)
        .filter(Q(pk=message.pk) | Q(deleted_at__isnull=True))
        .filter(conversation=message.conversation_id, number__lte=message.number)
        .select_related("author")
        .order_by("-number")[: CONTEXT_MESSAGES + 1]
    )
    about = About(
        CaseKind.MESSAGE,
        message.pk,
        message.author_id,
        context=[
            {
                "number": one.number,
                "author_id": one.author_id,
                "author_name": one.author.display_name,
                "at": one.created_at.isoformat(timespec="seconds"),
                "text": plain_text(one.html)[:_REPORTED_CHARACTERS],
            }
            for one in reversed(before)
        ],
    )
    return file_report(about, by=by, reason=reason, words=words, at=at)


def message_vector(plain: str, file_words: str = "") -> Combinable:
    """What a message is found by: its own words, and those of its files, which weigh less."""
    own = SearchVector(Value(plain), config=config_of(plain), weight="C")
    return own + SearchVector(Value(file_words), config=config_of(file_words), weight="D")


def _put_words(message: Message, plain: str) -> None:
    """Save it with its own words; those of its files come back as soon as the job has read them again."""
    message.vector = message_vector(plain)
    message.save(
        update_fields=[
            "version",
            "edited_at",
            "source",
            "source_format",
            "html",
            "renderer_version",
            "vector",
        ]
    )
    Attachment.objects.filter(message_id=message.pk).update(words_read_at=None)


def _locked_message(message: Message) -> Message:
    locked = Message.objects.select_for_update(of=("self",)).select_related("conversation")
    return locked.get(pk=message.pk)


def _open(people: dict[int, Member], *, by: Member, name: str, at: datetime) -> Conversation:
    known = _know_each_other(by, people)
    _allow_contact(people.values(), known, by=by)
    first, second = sorted((by.pk, *people)) if len(people) == 1 else (None, None)
    conversation = Conversation.objects.create(
        first_id=first,
        second_id=second,
        name="" if first else name,
        started_by=by,
        created_at=at,
        last_message_at=at,
    )
    Participant.objects.bulk_create(
        [
            Participant(conversation=conversation, member=by, state=ParticipantState.JOINED, asked_at=at),
            *(
                Participant(
                    conversation=conversation,
                    member=member,
                    state=ParticipantState.JOINED if pk in known else ParticipantState.ASKED,
                    asked_by=by,
                    asked_at=at,
                    is_first_contact=pk not in known,
                )
                for pk, member in people.items()
            ),
        ]
    )
    return conversation


def _allow_contact(members: Iterable[Member], known: set[int], *, by: Member) -> None:
    """Raises `Refused` for who takes no first message, `Invalid` where there were too many in a day."""
    asked = list(members)
    for member in asked:
        require(can_contact(by, member))
    new = [member for member in asked if member.pk not in known]
    now = timezone.now()
    limit = FIRST_CONTACTS_OF_A_NEWCOMER if by.joined_at > now - NEWCOMER_FOR else FIRST_CONTACTS_A_DAY
    lately = Participant.objects.filter(
        asked_by=by, asked_at__gt=now - timedelta(days=1), is_first_contact=True
    ).count()
    if new and lately + len(new) > limit:
        raise Invalid(
            _(
                "In a day you can write to {limit} people for the first time. The words are kept: send them "
                "tomorrow, or write to somebody you have talked with."
            ).format(limit=limit)
        )


def _know_each_other(by: Member, others: Iterable[int]) -> set[int]:
    """Those with whom `by` has a conversation of two that both take part in."""
    wanted = set(others)
    together = Conversation.objects.filter(
        Q(first=by, second__in=wanted) | Q(second=by, first__in=wanted)
    ).exclude(participants__state__in=UNANSWERED)
    pairs = together.values_list("first_id", "second_id")
    return {other for pair in pairs for other in pair if other is not None and other != by.pk}


def _of_two(by: Member, other: int) -> Conversation | None:
    first, second = sorted((by.pk, other))
    return Conversation.objects.filter(first=first, second=second).first()


def _locked_participant(conversation: Conversation, by: Member) -> Participant:
    """The conversation first, then who takes part: the order everybody keeps."""
    locked = Conversation.objects.select_for_update().get(pk=conversation.pk)
    mine = Participant.objects.filter(conversation=locked, member=by).first()
    if mine is None:
        raise Refused(_("This conversation is not open to you."))
    mine.conversation = locked
    return mine


def _accept(mine: Participant, *, by: Member) -> Participant:
    mine.state = ParticipantState.JOINED
    mine.save(update_fields=["state"])
    record(Verb.MESSAGE_REQUEST_ACCEPTED, by=by, target=mine, audience=Audience.MEMBER)
    return mine


def _too_many() -> Invalid:
    sentence = _("{limit} people are the most, you included. A space has room for more.").format(
        limit=GROUP_LIMIT
    )
    return Invalid(sentence, fields={"to": [sentence]})


# --- who is told ------------------------------------------------------------------------------------------------


def recipients_of(message: Message) -> list[int]:
    """Who is told of a message: who reads it, has not muted or blocked its author, and is not away. Two queries."""
    there = Participant.objects.filter(
        conversation=message.conversation_id,
        state__in=[ParticipantState.JOINED, ParticipantState.ASKED],
        first_number__lte=message.number,
        last_read_number__lt=message.number,
    ).exclude(member=message.author_id)
    return _told_of(there.values("member"), message.author_id)


def may_be_told(member_id: int, *, of: int | None) -> bool:
    """Whether word of what this other person does reaches a member at all. One query."""
    return bool(_told_of([member_id], of))


def _told_of(member_ids: Any, author_id: int | None) -> list[int]:
    keeping_off = Tie.objects.filter(
        other=author_id, kind__in=[TieKind.MUTE, TieKind.BLOCK], member=OuterRef("pk")
    )
    # Whoever pauses is reached by nothing (rule 1.12); whoever left or is suspended is not here.
    here = Member.objects.with_current_roles().filter(~Exists(keeping_off), pk__in=member_ids)
    return [member.pk for member in here if member.is_admitted and member.paused_until is None]
