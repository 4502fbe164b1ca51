"""The queue in the admin: who sees it, and that every act goes through its action."""

import pytest
from django.urls import reverse

from members.actions.review import Judgement, assess_application, note_application, take_application
from members.models import Application, Criterion, Verdict
from tests.factories import make_application, make_member, make_tier

pytestmark = pytest.mark.django_db

LIST = "/admin/members/application/"


@pytest.fixture
def office(client_as, manager):
    return client_as(manager)


def act(client, action, *applications, **words):
    fields = {"action": action, "_selected_action": [row.pk for row in applications], **words}
    return client.post(LIST, fields)


def state_of(application):
    return Application.objects.get(pk=application.pk).state


@pytest.mark.parametrize("role", ["member", "moderator", "executive"])
def test_nobody_else_sees_the_queue(sign_in, role):
    application = make_application("zqnameqz")
    client = sign_in(role)
    for path in (LIST, f"{LIST}{application.pk}/change/"):
        answer = client.get(path)
        assert answer.status_code in {302, 403}
        assert "zqnameqz" not in answer.content.decode()


def test_the_queue_leads_to_the_review_page(office, manager):
    application = make_application("Greta Guest")
    make_application("Draft", sent=False)
    note_application(application, "Met in May.", by=manager)
    shown = office.get(LIST).content.decode()
    assert "Greta Guest" in shown
    assert "Draft" not in shown
    page = office.get(f"{LIST}{application.pk}/change/").content.decode()
    assert reverse("application_review", args=[application.pk]) in page
    assert "Met in May." in page
    for name in ("due", "overdue", "waitlisted", "nothing"):
        assert office.get(LIST, {"list": name}).status_code in {200, 302}
    assert office.get(LIST, {"q": "applicant"}).status_code == 200


def test_acts_on_rows_are_the_actions(office, manager):
    first, second = make_application(), make_application()
    act(office, "take", first, second, confirmed="1")
    assert {state_of(first), state_of(second)} == {"in_review"}
    act(office, "note", first, second, confirmed="1", note="Met in May.")
    assert first.notes.get().text == "Met in May."
    act(office, "ask", first, confirmed="1", words="Which team?")
    assert state_of(first) == "more_asked"
    act(office, "let_two_decide", second, confirmed="1", note="Half a rival.")
    assert Application.objects.get(pk=second.pk).needs_second_reviewer
    assert (
        "one by one"
        in act(office, "accept", first, second, confirmed="1")
        .wsgi_request._messages._queued_messages[0]
        .message
    )


def test_a_decision_here_follows_the_criteria_too(office, manager):
    criterion, application = Criterion.objects.create(name="Works in the field"), make_application()
    refused = act(office, "accept", application, confirmed="1", words="Kept words.")
    assert refused.status_code == 422
    assert "Each criterion is judged" in refused.content.decode()
    assert "Kept words." in refused.content.decode()
    assess_application(application, [Judgement(criterion, Verdict.MET)], by=manager)
    act(office, "accept", application, confirmed="1", words="Glad.")
    assert state_of(application) == "accepted"
    other = make_application()
    assess_application(other, [Judgement(criterion, Verdict.NOT_MET, "Another field")], by=manager)
    act(office, "decline", other, confirmed="1", words="Not yet.")
    assert state_of(other) == "declined"


def test_the_waitlist_is_moved_here_too(office, manager):
    tier = make_tier(capacity=0)
    rows = [make_application(f"N{number}", tier=tier) for number in range(2)]
    for row in rows:
        act(office, "accept", row, confirmed="1", words="")
    act(office, "move", rows[1], confirmed="1", place="1", reason="Speaks in March")
    order = Application.objects.filter(tier=tier).in_waiting_order()
    assert [row.pk for row in order] == [rows[1].pk, rows[0].pk]


def test_ones_own_application_is_not_there(office, manager):
    application = make_application()
    note_application(application, "About you.", by=make_member(role="manager"))
    Application.objects.filter(pk=application.pk).update(member=manager)
    assert office.get(f"{LIST}{application.pk}/change/").status_code == 404


def test_the_list_is_filtered_by_any_reviewer(office, manager):
    second = make_member("Nora Next", role="manager")
    theirs, nobodys = make_application("Theirs Only"), make_application("Nobodys Yet")
    take_application(theirs, by=second)
    for value, shown, hidden in (
        (str(second.pk), theirs, nobodys),
        ("nobody", nobodys, theirs),
    ):
        page = office.get(LIST, {"owner": value}).content.decode()
        assert shown.member.display_name in page
        assert hidden.member.display_name not in page
    page = office.get(LIST).content.decode()
    assert f"?owner={second.pk}" in page
    assert office.get(LIST, {"owner": "x"}).status_code in {200, 302}


def test_vouches_are_waived_on_the_page_of_one_that_lacks_them(office):
    application = make_application(tier=make_tier(vouches_needed=1))
    page = f"{LIST}{application.pk}/change/"
    assert 'value="waive"' in office.get(page).content.decode()
    act(office, "waive", application, confirmed="1", reason="Everybody knows them.")
    application.refresh_from_db()
    assert application.vouch_waiver == "Everybody knows them."
    assert 'value="waive"' not in office.get(page).content.decode()
