"""Expert labels and question budgets, and what managers note: the verbs, the pages and the admin."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from community.core.errors import Conflict, Invalid, Refused
from community.core.models import Activity, Mail
from community.core.verbs import Verb
from members.actions.expertise import end_expertise, grant_expertise, review_expertise, set_question_budget
from members.actions.note import note_member
from members.actions.photo import change_photo
from members.models import (
    Expertise,
    Fact,
    FactField,
    FactSource,
    Member,
    MemberNote,
    QuestionBudget,
    RoleName,
)
from tests.factories import dispatch_activity, make_member, make_picture

pytestmark = pytest.mark.django_db


def again(member):
    return Member.objects.get(pk=member.pk)


def grant(member, by, topic="Pricing", evidence="Three talks."):
    return grant_expertise(member, topic=topic, evidence=evidence, by=by)


def test_the_first_label_grants_the_role_and_the_last_one_ends_it(member, manager):
    first = grant(member, manager)
    assert first.topic == "pricing"
    assert RoleName.EXPERT in again(member).roles
    second = grant(again(member), manager, topic="audits")
    end_expertise(first, by=manager)
    assert RoleName.EXPERT in again(member).roles
    end_expertise(second, by=manager)
    assert RoleName.EXPERT not in again(member).roles
    assert Expertise.objects.count() == 2, "history stays"
    verbs = (
        Activity.objects.filter(verb__startswith="expertise")
        .order_by("id")
        .values_list("verb", "data__topic")
    )
    assert list(verbs) == [
        ("expertise.granted", "pricing"),
        ("expertise.granted", "audits"),
        ("expertise.ended", "pricing"),
        ("expertise.ended", "audits"),
    ]
    with pytest.raises(Conflict):
        end_expertise(second, by=manager)


def test_who_is_recognised_hears_of_it(member, manager):
    grant(member, manager)
    dispatch_activity()
    assert Mail.objects.get(kind="expertise.granted").address == member.email


def test_a_label_needs_a_topic_evidence_a_member_and_another_manager(
    member, manager, applicant, other_member
):
    for words in ({"topic": " "}, {"evidence": " "}, {"topic": "x" * 61}, {"evidence": "x" * 501}):
        with pytest.raises(Invalid):
            grant(member, manager, **words)
    with pytest.raises(Invalid):
        grant(applicant, manager)
    for by in (member, other_member, make_member(role="moderator")):
        with pytest.raises(Refused):
            grant(member, by)
    with pytest.raises(Refused, match="Nobody recognises themselves"):
        grant(manager, manager)
    grant(member, manager)
    with pytest.raises(Conflict):
        grant(member, manager, topic="PRICING")


def test_a_label_is_looked_at_again_each_year(member, manager):
    row = grant(member, manager)
    assert row.review_due > timezone.now() + timedelta(days=364)
    Expertise.objects.update(review_due=timezone.now() - timedelta(days=1))
    assert list(Expertise.objects.due_for_review()) == [row]
    review_expertise(row, by=manager, evidence="A fourth talk.")
    row.refresh_from_db()
    assert not Expertise.objects.due_for_review().exists()
    assert (row.evidence, row.reviewed_at.date()) == ("A fourth talk.", timezone.now().date())


def test_the_expert_says_how_often_they_want_to_be_asked(expert, manager, member, client_as):
    with pytest.raises(Refused):
        set_question_budget(expert, 3, by=manager)
    with pytest.raises(Refused):
        set_question_budget(member, 3, by=member)
    browser = client_as(expert)
    assert "Questions a month" in browser.get(reverse("profile_edit")).content.decode()
    browser.post(reverse("question_budget"), {"per_month": "3"})
    assert QuestionBudget.objects.get().per_month == 3
    browser.post(reverse("question_budget"), {"per_month": "100"})
    assert QuestionBudget.objects.get().per_month == 3
    browser.post(reverse("question_budget"), {"per_month": ""})
    assert not QuestionBudget.objects.exists()


def test_the_label_and_the_budget_stand_on_the_page(web, other_member, manager):
    grant(other_member, manager)
    set_question_budget(again(other_member), 4, by=again(other_member))
    page = web.get(other_member.get_absolute_url()).content.decode()
    assert "pricing" in page
    assert "Takes 4 questions a month." in page


# --- notes ---------------------------------------------------------------------------------------------------------


def test_notes_are_between_managers(member, manager, moderator):
    note_member(member, text="Prefers to be called.", by=manager)
    row = Activity.objects.get(verb=Verb.MEMBER_NOTED)
    assert "called" not in str((row.data, row.target_title))
    for by, words in ((member, "x"), (moderator, "x")):
        with pytest.raises(Refused):
            note_member(manager, text=words, by=by)
    with pytest.raises(Refused):
        note_member(manager, text="x", by=manager)
    for words in ("", " \n", "x" * 5001):
        with pytest.raises(Invalid):
            note_member(member, text=words, by=manager)


# --- the admin ------------------------------------------------------------------------------------------------------


@pytest.fixture
def desk(manager, client_as):
    return client_as(manager)


def act(desk, model, action, row, **words):
    data = {"action": action, "_selected_action": [row.pk], "confirmed": "1", **words}
    return desk.post(reverse(f"admin:members_{model}_changelist"), data)


def test_experts_are_recognised_reviewed_and_ended_in_the_admin(desk, member):
    add = reverse("admin:members_expertise_add")
    wrong = desk.post(add, {"handle": "nobody", "topic": "Pricing", "evidence": "Talks"})
    assert "Nobody has this handle" in wrong.content.decode()
    assert (
        desk.post(add, {"handle": f"@{member.handle}", "topic": "Pricing", "evidence": "Talks"}).status_code
        == 302
    )
    row = Expertise.objects.get()
    Expertise.objects.update(review_due=timezone.now() - timedelta(days=1))
    changelist = reverse("admin:members_expertise_changelist")
    assert "pricing" in desk.get(changelist, {"review": "due"}).content.decode()
    assert act(desk, "expertise", "review", row, evidence="More talks").status_code == 302
    assert "pricing" not in desk.get(changelist, {"review": "due"}).content.decode()
    assert desk.get(reverse("admin:members_expertise_change", args=[row.pk])).status_code == 200
    assert act(desk, "expertise", "end", row).status_code == 302
    row.refresh_from_db()
    assert (row.evidence, row.ended_at is None) == ("More talks", False)


def test_fields_are_managed_in_the_admin(desk):
    data = {"key": "tools", "label": "Tools", "kind": "choice", "choices": "A\nB", "position": "5"}
    data |= {"default_visibility": "members", "help_text": ""}
    assert desk.post(reverse("admin:members_factfield_add"), data).status_code == 302
    row = FactField.objects.get(key="tools")
    assert row.choices == ["A", "B"]
    change = reverse("admin:members_factfield_change", args=[row.pk])
    assert 'name="kind"' not in desk.get(change).content.decode()
    desk.post(change, data | {"label": "Your tools", "choices": "A\nB\nC", "kind": "line"})
    row.refresh_from_db()
    assert (row.label, row.choices, row.kind) == ("Your tools", ["A", "B", "C"], "choice")
    assert "needs 2 to 60 choices" in desk.post(change, data | {"choices": ""}).content.decode()
    assert act(desk, "factfield", "retire", row).status_code == 302
    row.refresh_from_db()
    assert row.retired_at
    assert act(desk, "factfield", "restore", row).status_code == 302
    place = FactField.objects.get(key="place")
    assert "belongs to every profile" in act(desk, "factfield", "retire", place).content.decode()
    assert desk.post(reverse("admin:members_factfield_delete", args=[row.pk])).status_code == 403


def test_managers_note_and_correct_in_the_admin(desk, member, manager):
    assert act(desk, "member", "note", member, text="Prefers to be called.").status_code == 302
    assert MemberNote.objects.get().by == manager
    page = desk.get(reverse("admin:members_member_change", args=[member.pk])).content.decode()
    assert "Prefers to be called." in page
    assert act(desk, "member", "correct_fact", member, field="place", values="Oslo").status_code == 302
    fact = Fact.objects.get()
    assert (fact.values, fact.source) == (["Oslo"], FactSource.MANAGER)
    refused = act(desk, "member", "correct_fact", member, field="birthday", values="tomorrow")
    assert "day and a month" in refused.content.decode()
    assert act(desk, "member", "correct_fact", member, field="place", values="").status_code == 302
    assert not Fact.objects.exists()
    change_photo(member, make_picture(), by=member)
    assert act(desk, "member", "remove_photo", member).status_code == 302
    assert "There is no photo" in act(desk, "member", "remove_photo", member).content.decode()
