"""Direct messages: who may write to whom, what each of them learns, and that nobody else reads a word."""

import threading
from datetime import timedelta

import pytest
from django.db import connection
from django.urls import reverse
from django.utils import timezone

from community.core.activity import dispatch
from community.core.errors import Conflict, Invalid, Refused
from community.core.models import Activity, Audience, Notice
from community.core.text import Prose, SourceFormat
from community.core.verbs import Verb
from discussions import subscribers  # noqa: F401 - what the worker loads too
from discussions.actions.message import (
    FIRST_CONTACTS_A_DAY,
    FIRST_CONTACTS_OF_A_NEWCOMER,
    add_participant,
    answer_conversation,
    leave_conversation,
    recipients_of,
    report_message,
    send_message,
    set_contact_rule,
    start_conversation,
)
from discussions.models import (
    GROUP_LIMIT,
    ContactRule,
    Conversation,
    Message,
    Participant,
    ParticipantState,
    Report,
    ReportReason,
)
from discussions.queries.messages import conversation_page, conversation_rows, found_messages
from members.actions.member import deactivate_member
from members.actions.standing import leave_community, pause_member, suspend_member
from members.actions.tie import block_member, follow_member, mute_member
from members.models import Member
from tests.factories import make_member, make_space

pytestmark = pytest.mark.django_db

LONG_AGO = timedelta(days=90)


def prose(words: str = "Hello there.") -> Prose:
    return Prose(words, SourceFormat.MARKDOWN)


@pytest.fixture
def ann():
    return make_member("Ann Archer", at=timezone.now() - LONG_AGO)


@pytest.fixture
def ben():
    return make_member("Ben Baker", at=timezone.now() - LONG_AGO)


@pytest.fixture
def cleo():
    return make_member("Cleo Cole", at=timezone.now() - LONG_AGO)


def fresh(member: Member) -> Member:
    """As the next request loads them."""
    return Member.objects.with_current_roles().get(pk=member.pk)


def talk(one: Member, other: Member) -> Conversation:
    """Two who know each other."""
    conversation = start_conversation([other], by=one, prose=prose()).conversation
    answer_conversation(conversation, state=ParticipantState.JOINED, by=other)
    return conversation


def state_of(conversation: Conversation, member: Member) -> str:
    return Participant.objects.get(conversation=conversation, member=member).state


# --- first contact ---


def test_a_first_message_is_a_request(ann, ben):
    message = start_conversation([ben], by=ann, prose=prose("May I ask you something?"))
    assert state_of(message.conversation, ben) == "asked"
    assert [row.title for row in conversation_rows(ann)[0]] == ["Ben Baker"]
    assert conversation_rows(ben)[0] == []
    assert [row.title for row in conversation_rows(ben, tab="requests")[0]] == ["Ann Archer"]
    row = Activity.objects.get(verb=Verb.MESSAGE_SENT)
    assert (row.audience, row.counterpart_id, row.data) == (
        Audience.MEMBER,
        None,
        {"is_group": False, "is_first": True},
    )
    assert "May I" not in f"{row.target_title} {row.data}"


def test_until_an_answer_there_is_one_message(ann, ben):
    conversation = start_conversation([ben], by=ann, prose=prose()).conversation
    with pytest.raises(Refused, match="has not answered your first message"):
        send_message(conversation, by=ann, prose=prose("And another thing."))
    with pytest.raises(Refused, match="has not answered your first message"):
        start_conversation([ben], by=ann, prose=prose("Once more."))
    send_message(conversation, by=ben, prose=prose("Of course."))
    assert state_of(conversation, ben) == "joined"
    send_message(conversation, by=ann, prose=prose("Thank you."))
    assert Activity.objects.filter(verb=Verb.MESSAGE_REQUEST_ACCEPTED).count() == 1


@pytest.mark.parametrize("state", [ParticipantState.IGNORED, ParticipantState.DECLINED])
def test_the_asker_never_learns_of_a_no(client_as, ann, ben, state):
    """Page, list and refusal are the same, to the letter, as while nobody has answered."""
    conversation = start_conversation([ben], by=ann, prose=prose()).conversation

    def seen() -> tuple[object, ...]:
        page = conversation_page(conversation, fresh(ann))
        with pytest.raises(Refused) as refusal:
            send_message(conversation, by=ann, prose=prose())
        api = client_as(ann).get(f"/api/v1/conversations/{conversation.pk}/").json()
        return page, conversation_rows(ann), refusal.value.sentence, api, recipients_of(page_message())

    def page_message() -> Message:
        return Message(conversation=conversation, author=ann, number=99)

    before, rows_before = seen()[:4], Activity.objects.count()
    answer_conversation(conversation, state=state, by=ben)
    assert seen()[:4] == before
    assert Activity.objects.count() == rows_before
    with pytest.raises(Refused):
        start_conversation([ben], by=ann, prose=prose("Again."))


def test_who_declined_can_change_their_mind_by_writing(ann, ben):
    conversation = start_conversation([ben], by=ann, prose=prose()).conversation
    answer_conversation(conversation, state=ParticipantState.DECLINED, by=ben)
    assert not Conversation.objects.visible_to(ben).exists()
    message = start_conversation([ann], by=ben, prose=prose("I was busy."))
    assert message.conversation_id == conversation.pk
    assert (message.number, state_of(conversation, ben)) == (2, "joined")


def test_what_was_answered_is_not_answered_again(ann, ben):
    conversation = talk(ann, ben)
    with pytest.raises(Conflict):
        answer_conversation(conversation, state=ParticipantState.DECLINED, by=ben)
    with pytest.raises(Conflict):
        answer_conversation(conversation, state=ParticipantState.JOINED, by=ann)


def test_two_people_have_one_conversation(ann, ben):
    conversation = talk(ann, ben)
    again = start_conversation([ann], by=ben, prose=prose("And now?"))
    assert again.conversation_id == conversation.pk
    assert Conversation.objects.count() == 1


def test_the_same_key_makes_one_message(ann, ben):
    first = start_conversation([ben], by=ann, prose=prose(), idempotency_key="a-key-of-mine")
    assert start_conversation([ben], by=ann, prose=prose(), idempotency_key="a-key-of-mine") == first
    assert Message.objects.count() == 1


# --- the rule of the receiver ---


def test_nobody_means_nobody(ann, ben):
    set_contact_rule(ContactRule.NOBODY, by=ben)
    with pytest.raises(Refused, match="takes no first message from you just now"):
        start_conversation([ben], by=ann, prose=prose())
    assert not Conversation.objects.exists()


def test_people_i_follow(ann, ben):
    set_contact_rule(ContactRule.FOLLOWED, by=ben)
    follow_member(ben, by=ann)
    with pytest.raises(Refused):
        start_conversation([ben], by=ann, prose=prose())
    follow_member(ann, by=ben)
    start_conversation([ben], by=ann, prose=prose())


def test_people_who_are_listed_in_a_space_with_me(ann, ben):
    set_contact_rule(ContactRule.SAME_SPACE, by=ben)
    make_space(preset="private", members=[ben])
    with pytest.raises(Refused):
        start_conversation([ben], by=ann, prose=prose())
    make_space(preset="private", members=[ann, ben])
    start_conversation([ben], by=ann, prose=prose())


def test_what_began_before_the_rule_goes_on(ann, ben):
    conversation = talk(ann, ben)
    set_contact_rule(ContactRule.NOBODY, by=ben)
    send_message(conversation, by=ann, prose=prose("Still here."))


@pytest.mark.parametrize("cause", ["block", "blocked", "rule", "pause", "left", "suspended", "deactivated"])
def test_no_cause_is_told_from_another(ann, ben, cause):
    match cause:
        case "block":
            block_member(ann, by=ben)
        case "blocked":
            block_member(ben, by=ann)
        case "rule":
            set_contact_rule(ContactRule.NOBODY, by=ben)
        case "pause":
            pause_member(ben, by=ben, until=timezone.now() + timedelta(days=9))
        case "left":
            leave_community(ben, by=ben)
        case "suspended":
            suspend_member(
                ben, by=make_member(role="manager"), reason="x", until=timezone.now() + timedelta(days=2)
            )
        case "deactivated":
            deactivate_member(ben, by=make_member(role="manager"), reason="x")
    with pytest.raises(Refused) as refusal:
        start_conversation([fresh(ben)], by=ann, prose=prose())
    assert refusal.value.sentence.startswith("Ben Baker takes no first message from you just now.")


@pytest.mark.parametrize("blocker", ["ann", "ben"])
def test_a_block_ends_what_two_had(ann, ben, blocker):
    conversation = talk(ann, ben)
    one, other = (ann, ben) if blocker == "ann" else (ben, ann)
    block_member(other, by=one)
    for who in (ann, ben):
        with pytest.raises(Refused, match="cannot be reached here just now"):
            send_message(conversation, by=who, prose=prose())
    assert Message.objects.visible_to(ann).count() == 1, "what was said stays, and can be reported"


def test_staff_are_blocked_like_everybody_else(ben):
    manager = make_member(role="manager", at=timezone.now() - LONG_AGO)
    block_member(manager, by=ben)
    with pytest.raises(Refused):
        start_conversation([ben], by=manager, prose=prose())


def test_first_contacts_are_few_in_a_day(ann):
    for _number in range(FIRST_CONTACTS_A_DAY):
        start_conversation([make_member()], by=ann, prose=prose())
    with pytest.raises(Invalid, match="write to 10 people for the first time"):
        start_conversation([make_member()], by=ann, prose=prose())
    Participant.objects.update(asked_at=timezone.now() - timedelta(hours=25))
    start_conversation([make_member()], by=ann, prose=prose())


def test_newcomers_write_to_fewer_and_groups_count_each(ben):
    newcomer = make_member()
    with pytest.raises(Invalid, match="write to 3 people"):
        start_conversation([make_member() for _one in range(4)], by=newcomer, prose=prose())
    start_conversation(
        [make_member() for _one in range(FIRST_CONTACTS_OF_A_NEWCOMER)], by=newcomer, prose=prose()
    )


def test_whom_one_knows_is_no_first_contact(ann, ben):
    talk(ann, ben)
    Participant.objects.filter(asked_by=ann).update(asked_at=timezone.now())
    group = start_conversation([ben, make_member()], by=ann, prose=prose()).conversation
    assert state_of(group, ben) == "joined"
    assert Participant.objects.filter(asked_by=ann, is_first_contact=True).count() == 2


def test_oneself_is_nobody_to_write_to(ann):
    with pytest.raises(Invalid):
        start_conversation([ann], by=ann, prose=prose())
    with pytest.raises(Invalid):
        start_conversation([], by=ann, prose=prose())


# --- groups ---


def test_a_group_is_small(ann):
    people = [make_member() for _one in range(GROUP_LIMIT)]
    with pytest.raises(Invalid, match="8 people are the most"):
        start_conversation(people, by=ann, prose=prose())


def test_who_comes_later_reads_from_then_on(client_as, ann, ben, cleo):
    talk(ann, ben)
    talk(ann, cleo)
    group = start_conversation([ben, make_member()], by=ann, prose=prose("before"), name="Pilot").conversation
    add_participant(group, cleo, by=ann)
    send_message(group, by=ben, prose=prose("after"))
    assert [message.source for message in Message.objects.visible_to(cleo).filter(conversation=group)] == [
        "after"
    ]
    page = client_as(cleo).get(group.get_absolute_url()).content.decode()
    assert "after" in page
    assert "before</p>" not in page
    assert found_messages(cleo, "before") == []
    api = client_as(cleo).get(f"/api/v1/conversations/{group.pk}/messages/").json()["results"]
    assert [row["body"] for row in api] == ["after"]


def test_who_leaves_reads_nothing_any_more(client_as, ann, ben):
    talk(ann, ben)
    group = start_conversation([ben, make_member()], by=ann, prose=prose("ours")).conversation
    leave_conversation(group, by=ben)
    assert client_as(ben).get(group.get_absolute_url()).status_code == 404
    assert found_messages(ben, "ours") == []
    with pytest.raises(Conflict):
        leave_conversation(group, by=ben)
    add_participant(group, ben, by=ann)
    assert state_of(group, ben) == "asked", "who left is asked before they are back"


def test_two_do_not_leave_each_other(ann, ben):
    with pytest.raises(Conflict, match="Mute or block"):
        leave_conversation(talk(ann, ben), by=ben)
    with pytest.raises(Conflict):
        add_participant(talk(ann, ben), make_member(), by=ann)


def test_only_who_takes_part_brings_somebody_in(ann, ben, cleo):
    group = start_conversation([ben, cleo], by=ann, prose=prose()).conversation
    with pytest.raises(Refused):
        add_participant(group, make_member(), by=ben)
    with pytest.raises(Refused):
        add_participant(group, make_member(), by=make_member())
    with pytest.raises(Conflict, match="has been asked already"):
        add_participant(group, cleo, by=ann)
    answer_conversation(group, state=ParticipantState.DECLINED, by=cleo)
    with pytest.raises(Conflict, match="has been asked already"):
        add_participant(group, cleo, by=ann)


def test_a_group_does_not_bring_together_who_keeps_apart(ann, ben, cleo):
    group = start_conversation([ben, make_member()], by=ann, prose=prose()).conversation
    block_member(ben, by=cleo)
    with pytest.raises(Refused, match="cannot be brought into this group just now"):
        add_participant(group, cleo, by=ann)


def test_in_a_group_nothing_is_read_of_whom_one_has_blocked(ann, ben, cleo):
    talk(ann, ben)
    talk(ann, cleo)
    group = start_conversation([ben, cleo], by=ann, prose=prose("from ann")).conversation
    send_message(group, by=ben, prose=prose("from ben"))
    block_member(ben, by=cleo)
    assert [one.source for one in Message.objects.visible_to(cleo).filter(conversation=group)] == ["from ann"]


# --- numbers and reading ---


@pytest.mark.django_db(transaction=True)
def test_writers_at_once_get_numbers_without_gap_or_double(ann, ben):
    conversation = talk(ann, ben)

    def write(who: Member) -> None:
        try:
            for _turn in range(5):
                send_message(conversation, by=who, prose=prose())
        finally:
            connection.close()

    threads = [threading.Thread(target=write, args=[who]) for who in (ann, ben, ann, ben)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    numbers = list(Message.objects.order_by("number").values_list("number", flat=True))
    assert numbers == list(range(1, 22))
    conversation.refresh_from_db()
    assert conversation.highest_number == 21


def test_reading_is_remembered_and_new_is_counted(client_as, ann, ben):
    conversation = talk(ann, ben)
    client = client_as(ben)
    client.get(conversation.get_absolute_url())
    send_message(conversation, by=ann, prose=prose("news"))
    assert [row.new_label for row in conversation_rows(ben)[0]] == ["1 new"]
    page = client.get(conversation.get_absolute_url())
    assert "New since your visit" in page.content.decode()
    assert [row.new_label for row in conversation_rows(ben)[0]] == [""]
    assert [row.new_label for row in conversation_rows(ann)[0]] == [""]


def test_a_long_conversation_is_read_page_by_page(client_as, ann, ben):
    conversation = talk(ann, ben)
    for number in range(2, 66):
        send_message(conversation, by=ann, prose=prose(f"line {number}"))
    client, url, seen = client_as(ben), conversation.get_absolute_url(), []
    while url:
        page = client.get(url).context["page"]
        seen += [message.number for message in reversed(page.messages)]
        url = page.earlier_url
    assert seen == list(range(65, 0, -1))
    early = Message.objects.get(conversation=conversation, number=5)
    answer = client.get(early.get_absolute_url(), follow=True)
    assert 5 in [message.number for message in answer.context["page"].messages]


@pytest.mark.parametrize("many", [False, True])
def test_pages_cost_the_same_for_few_and_many(client_as, django_assert_max_num_queries, ann, ben, many):
    conversation = talk(ann, ben)
    for _one in range(20 if many else 2):
        send_message(conversation, by=ann, prose=prose())
        talk(ann, make_member(at=timezone.now() - LONG_AGO)) if _one < 8 else None
    client = client_as(ann)
    with django_assert_max_num_queries(16):
        client.get(conversation.get_absolute_url())
    with django_assert_max_num_queries(10):
        client.get(reverse("conversation_list"))


# --- notices ---


def told(message: Message) -> list[int]:
    dispatch(list(Activity.objects.undispatched().values_list("id", flat=True)))
    key = f"conversation:{message.conversation_id}"
    return list(Notice.objects.filter(key=key).values_list("member_id", flat=True))


def test_those_who_take_part_are_told_without_a_word_of_it(ann, ben):
    message = start_conversation([ben], by=ann, prose=prose("zqwords"))
    assert told(message) == [ben.pk]
    notice = Notice.objects.get(member=ben)
    assert notice.title == "Ann Archer wrote to you"
    assert "zqwords" not in f"{notice.title} {notice.url}"


@pytest.mark.parametrize("cause", ["mute", "ignored", "pause"])
def test_nobody_is_told_who_does_not_want_to_be(ann, ben, cause):
    if cause == "mute":
        mute_member(ann, by=ben)
        message = start_conversation([ben], by=ann, prose=prose())
    else:
        conversation = talk(ann, ben)
        if cause == "pause":
            pause_member(ben, by=ben, until=timezone.now() + timedelta(days=9))
        else:
            Participant.objects.filter(member=ben).update(state=ParticipantState.IGNORED)
            Participant.objects.filter(member=ann).update(state=ParticipantState.JOINED)
        dispatch(list(Activity.objects.undispatched().values_list("id", flat=True)))
        Notice.objects.all().delete()
        if cause == "ignored":
            return
        message = send_message(conversation, by=ann, prose=prose())
    assert told(message) == []


# --- reports ---


def test_a_report_keeps_the_message_and_three_before_it(client_as, ann, ben):
    conversation = talk(ann, ben)
    for number in range(2, 8):
        message = send_message(conversation, by=ann, prose=prose(f"line {number}"))
    row = report_message(message, by=ben, reason=ReportReason.ABUSE, words="Please look.")
    assert [one["text"] for one in row.context] == ["line 4", "line 5", "line 6", "line 7"]
    assert (row.reporter, row.about) == (ben, ann)
    activity = Activity.objects.get(verb=Verb.REPORT_MADE)
    assert (activity.audience, activity.target_title) == (Audience.STAFF, "Report")
    assert "line" not in str(activity.data)
    with pytest.raises(Conflict, match="reported this already"):
        report_message(message, by=ben, reason=ReportReason.ABUSE)
    with pytest.raises(Refused, match="your own message"):
        report_message(message, by=ann, reason=ReportReason.ABUSE)
    moderator = client_as(make_member(role="moderator"))
    page = moderator.get(f"/admin/discussions/report/{row.pk}/change/").content.decode()
    assert "line 7" in page
    assert "line 3" not in page
    assert moderator.get(conversation.get_absolute_url()).status_code == 404


def test_a_report_shows_nothing_the_reporter_did_not_see(ann, ben, cleo):
    talk(ann, ben)
    talk(ann, cleo)
    group = start_conversation([ben, make_member()], by=ann, prose=prose("before")).conversation
    add_participant(group, cleo, by=ann)
    message = send_message(group, by=ben, prose=prose("after"))
    row = report_message(message, by=cleo, reason=ReportReason.OTHER)
    assert [one["text"] for one in row.context] == ["after"]


# --- pages ---


def test_writing_to_somebody_from_their_page(client_as, ann, ben):
    client = client_as(ann)
    page = client.get(reverse("conversation_create"), {"to": ben.handle})
    assert f'value="{ben.handle}"' in page.content.decode()
    answer = client.post(reverse("conversation_create"), {"to": "ben baker", "body": "Hello"})
    conversation = Conversation.objects.get()
    assert answer["Location"] == conversation.get_absolute_url()
    client.post(reverse("message_create", args=[conversation.pk]), {"body": "More"})
    assert Message.objects.count() == 1


def test_a_refusal_keeps_what_was_typed(client_as, ann, ben):
    set_contact_rule(ContactRule.NOBODY, by=ben)
    answer = client_as(ann).post(reverse("conversation_create"), {"to": ben.handle, "body": "Kept words"})
    assert answer.status_code == 422
    assert "Kept words" in answer.content.decode()
    assert "takes no first message" in answer.content.decode()


def test_a_name_that_several_have_asks_for_the_handle(client_as, ann):
    make_member("Same Name")
    make_member("Same Name")
    answer = client_as(ann).post(reverse("conversation_create"), {"to": "Same Name", "body": "Hello"})
    assert answer.status_code == 422
    assert "Write the handle" in answer.content.decode()


def test_the_way_of_a_request_through_the_pages(client_as, ann, ben):
    client_as(ann).post(reverse("conversation_create"), {"to": ben.handle, "body": "Hello"})
    conversation, client = Conversation.objects.get(), client_as(ben)
    assert "Ann Archer" in client.get(reverse("conversation_list"), {"tab": "requests"}).content.decode()
    page = client.get(conversation.get_absolute_url()).content.decode()
    assert "writes to you for the first time" in page
    client.post(reverse("conversation_answer", args=[conversation.pk]), {"answer": "ignore"})
    assert "Ann Archer" in client.get(reverse("conversation_list"), {"tab": "aside"}).content.decode()
    assert (
        client.post(reverse("conversation_answer", args=[conversation.pk]), {"answer": "x"}).status_code
        == 422
    )
    client.post(reverse("conversation_answer", args=[conversation.pk]), {"answer": "accept"})
    answer = client.post(
        reverse("message_create", args=[conversation.pk]), {"body": "Hello you"}, follow=True
    )
    assert "Hello you" in answer.content.decode()
    empty = client.post(reverse("message_create", args=[conversation.pk]), {"body": " "})
    assert empty.status_code == 422


def test_bringing_somebody_in_and_leaving_through_the_pages(client_as, ann, ben, cleo):
    client = client_as(ann)
    client.post(
        reverse("conversation_create"), {"to": f"{ben.handle}, {cleo.handle}", "body": "Hello", "name": "We"}
    )
    group, other = Conversation.objects.get(), make_member()
    url = reverse("participant_create", args=[group.pk])
    assert client.post(url, {"to": other.handle}).status_code == 302
    again = client.post(url, {"to": other.handle})
    assert (again.status_code, "asked already" in again.content.decode()) == (422, True)
    assert client.post(url, {"to": "nobody at all"}).status_code == 422
    assert client.post(reverse("conversation_leave", args=[group.pk])).status_code == 302
    assert client.get(group.get_absolute_url()).status_code == 404


def test_the_rule_is_set_on_its_page(client_as, ben):
    client = client_as(ben)
    client.post(reverse("contact_rule_edit"), {"rule": "followed"})
    assert 'value="followed"' in client.get(reverse("contact_rule_edit")).content.decode()
    assert client.post(reverse("contact_rule_edit"), {"rule": "whoever"}).status_code == 422


def test_one_finds_one_s_own_messages(client_as, ann, ben, cleo):
    talk(ann, ben)
    talk(ann, cleo)
    send_message(Conversation.objects.first(), by=ann, prose=prose("The negotiations went well."))
    client = client_as(ben)
    assert "negotiations" in client.get(reverse("conversation_list"), {"q": "negotiation"}).content.decode()
    assert found_messages(cleo, "negotiation") == []


def test_a_report_through_the_page(client_as, ann, ben):
    message = start_conversation([ben], by=ann, prose=prose())
    client, url = client_as(ben), reverse("message_report", args=[message.pk])
    assert "Nothing else of the conversation" in client.get(url).content.decode()
    assert client.post(url, {"words": "No reason."}).status_code == 422
    assert client.post(url, {"reason": "abuse"}).status_code == 302
    assert client.post(url, {"reason": "abuse"}).status_code == 409
    assert Report.objects.count() == 1


# --- the API ---


def test_the_way_through_the_api(client_as, ann, ben):
    def post(client, address, **body):
        return client.post(f"/api/v1/{address}", body, content_type="application/json")

    asker, asked = client_as(ann), client_as(ben)
    made = post(asker, "conversations/", to=[ben.pk], body="Hello")
    assert made.status_code == 201
    number = made.json()["id"]
    assert [row["id"] for row in asked.get("/api/v1/conversations/").json()["results"]] == [number]
    assert post(asked, f"conversations/{number}/answer/", answer="accept").json() == {"state": "joined"}
    message = post(asked, f"conversations/{number}/messages/", body="*Yes*").json()
    assert (message["number"], message["html"].strip()) == (2, "<p><em>Yes</em></p>")
    assert asker.get(f"/api/v1/messages/{message['id']}/").json()["body"] == "*Yes*"
    assert post(asker, f"messages/{message['id']}/report/", reason="other").status_code == 201
    assert post(asker, f"conversations/{number}/leave/").status_code == 409
    stranger = client_as(make_member(role="administrator"))
    for address in (
        f"conversations/{number}/",
        f"conversations/{number}/messages/",
        f"messages/{message['id']}/",
    ):
        assert stranger.get(f"/api/v1/{address}").status_code == 404
