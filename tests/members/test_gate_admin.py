"""The gate in the admin: everything it says and asks is changed there, and nothing behind an action's back."""

import pytest
from django.urls import reverse

from community.core.models import Activity
from community.core.verbs import Verb
from members.actions.gate import create_criterion, create_question, create_tier, current_gate, default_tier
from members.models import Criterion, Question, Tier
from tests.factories import make_application

pytestmark = pytest.mark.django_db

QUESTION = {
    "kind": "choice",
    "label": "Does it sell software?",
    "help_text": "",
    "choices": "Yes\nNo\n",
    "tier": "",
    "position": "1",
    "shown_if": "",
    "shown_if_answer": "",
    "fills": "",
}


def act(client, path, action, row):
    return client.post(path, {"action": action, "_selected_action": [row.pk], "confirmed": "1"})


def test_the_words_of_the_page_are_written_there(client_as, manager, client):
    web = client_as(manager)
    assert web.get("/admin/members/gate/").status_code == 200
    fields = {
        "purpose": "For people who set prices.",
        "audience": "",
        "invitations_per_member": "4",
        "invitation_days": "20",
        "vouches_per_member": "6",
        "free_mail_may_apply": "on",
    }
    assert web.post("/admin/members/gate/1/change/", fields).status_code == 302
    assert current_gate().invitations_per_member == 4
    assert "For people who set prices." in client.get(reverse("gate_show")).content.decode()
    row = Activity.objects.get(verb=Verb.GATE_EDITED)
    assert row.actor_id == manager.pk
    assert row.data["fields"] == ["invitation_days", "invitations_per_member", "purpose"]


def test_tiers_are_added_changed_closed_and_opened(client_as, manager):
    web, first = client_as(manager), default_tier()
    fields = {
        "name": "Circle",
        "description": "",
        "position": "2",
        "capacity": "30",
        "company_limit": "",
        "vouches_needed": "2",
        "reviewers_needed": "2",
        "decide_within_days": "3",
    }
    assert web.post("/admin/members/tier/add/", fields).status_code == 302
    tier = Tier.objects.get(name="Circle")
    assert (tier.slug, tier.capacity, tier.reviewers_needed) == ("circle", 30, 2)
    web.post(f"/admin/members/tier/{tier.pk}/change/", fields | {"capacity": "40"})
    tier.refresh_from_db()
    assert tier.capacity == 40
    act(web, "/admin/members/tier/", "close", tier)
    tier.refresh_from_db()
    assert tier.closed_at is not None
    response = act(web, "/admin/members/tier/", "close", first)
    assert "last open tier" in response.content.decode()
    act(web, "/admin/members/tier/", "reopen", tier)
    tier.refresh_from_db()
    assert tier.closed_at is None


def test_what_is_refused_stays_in_the_form(client_as, manager):
    default_tier()
    web = client_as(manager)
    response = web.post("/admin/members/question/add/", QUESTION | {"choices": "Yes"})
    page = response.content.decode()
    assert "at least two answers" in page
    assert "Does it sell software?" in page
    assert not Question.objects.exists()


def test_questions_are_added_changed_and_retired(client_as, manager):
    web = client_as(manager)
    assert web.post("/admin/members/question/add/", QUESTION).status_code == 302
    first = Question.objects.get()
    assert first.choices == ["Yes", "No"]
    second = QUESTION | {
        "kind": "short",
        "label": "Which?",
        "choices": "",
        "shown_if": str(first.pk),
        "shown_if_answer": "Yes",
        "fills": "links",
    }
    assert web.post("/admin/members/question/add/", second).status_code == 302
    which = Question.objects.get(label="Which?")
    assert (which.shown_if, which.fills) == (first, "links")
    page = web.get(f"/admin/members/question/{first.pk}/change/").content.decode()
    assert "Yes\nNo" in page
    assert (
        web.post(f"/admin/members/question/{first.pk}/change/", QUESTION | {"label": "Vendor?"}).status_code
        == 302
    )
    response = act(web, "/admin/members/question/", "retire", first)
    assert "Which?" in response.content.decode()
    act(web, "/admin/members/question/", "retire", which)
    which.refresh_from_db()
    assert which.retired_at is not None
    page = web.get(f"/admin/members/question/{which.pk}/change/")
    assert page.status_code == 200
    assert "_save" not in page.content.decode()


def test_criteria_are_added_changed_and_retired(client_as, manager):
    web = client_as(manager)
    fields = {"name": "Works on prices", "description": "", "tier": "", "position": "1"}
    assert web.post("/admin/members/criterion/add/", fields).status_code == 302
    criterion = Criterion.objects.get()
    web.post(f"/admin/members/criterion/{criterion.pk}/change/", fields | {"name": "Sets prices"})
    criterion.refresh_from_db()
    assert criterion.name == "Sets prices"
    act(web, "/admin/members/criterion/", "retire", criterion)
    criterion.refresh_from_db()
    assert criterion.retired_at is not None


def test_nothing_is_deleted(client_as, administrator):
    make_application()
    create_criterion(by=None, name="Works on prices")
    create_question(by=None, kind="short", label="Why?")
    create_tier(by=None, name="Circle")
    web = client_as(administrator)
    for model in (Tier, Criterion, Question):
        row = model.objects.first()
        path = f"/admin/members/{model._meta.model_name}/{row.pk}/delete/"
        assert web.post(path, {"post": "yes"}).status_code == 403
        assert model.objects.filter(pk=row.pk).exists()


@pytest.mark.parametrize("model", ["gate", "tier", "criterion", "question"])
@pytest.mark.parametrize("role", ["moderator", "member"])
def test_others_do_not_get_there(sign_in, role, model):
    assert sign_in(role).get(f"/admin/members/{model}/", follow=True).status_code == 403
