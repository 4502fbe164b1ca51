"""Terms in versions: written, published, read by everybody, accepted by members before anything else, provable."""

import csv
import io
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from community.core.errors import Conflict, Invalid, Refused
from community.core.models import Activity, Scope
from community.core.tokens import create_token
from community.core.verbs import Verb
from members.actions.terms import accept_terms, draft_terms, edit_terms, publish_terms, terms_to_accept
from members.models import Member, RoleName, Terms, TermsAcceptance, TermsKind
from tests.factories import make_member

pytestmark = pytest.mark.django_db

FIRST = "# Terms\n\nBe kind. Share what you know.\n\nNothing is sold here."
SECOND = "# Terms\n\nBe kind and patient. Share what you know.\n\nNothing is sold.\n\nNo <script>alert(1)</script>."


def publish(manager, body=FIRST, note="", kind=TermsKind.TERMS, ago=timedelta()) -> Terms:
    terms = draft_terms(kind, by=manager, body=body, change_note=note)
    return publish_terms(terms, by=manager, at=timezone.now() - ago)


def again(member: Member) -> Member:
    return Member.objects.with_current_roles().get(pk=member.pk)


def test_versions_count_up_and_what_is_published_stays(manager):
    first = publish(manager)
    assert first.version == 1
    with pytest.raises(Conflict, match="never changed"):
        edit_terms(first, by=manager, body="other", change_note="")
    draft = draft_terms(TermsKind.TERMS, by=manager, body=SECOND)
    with pytest.raises(Conflict, match="draft of the next version"):
        draft_terms(TermsKind.TERMS, by=manager, body="third")
    with pytest.raises(Invalid, match="what is new"):
        publish_terms(draft, by=manager)
    draft = edit_terms(draft, by=manager, body=SECOND, change_note="Patience is asked for.")
    second = publish_terms(draft, by=manager)
    assert (second.version, second.published_by) == (2, manager)
    with pytest.raises(Conflict):
        publish_terms(second, by=manager)
    assert list(Terms.objects.in_force()) == [second]
    recorded = Activity.objects.filter(verb=Verb.TERMS_PUBLISHED).order_by("pk")
    assert [row.data for row in recorded] == [
        {"kind": "terms", "version": 1},
        {"kind": "terms", "version": 2},
    ]


def test_a_text_is_needed_and_may_be_too_long(manager):
    with pytest.raises(Invalid, match="no text"):
        draft_terms(TermsKind.TERMS, by=manager, body=" \n ")
    with pytest.raises(Invalid, match="60001 characters"):
        draft_terms(TermsKind.TERMS, by=manager, body="x" * 60001)


def test_only_managers_write_and_publish(member, moderator, manager):
    terms = draft_terms(TermsKind.TERMS, by=manager, body=FIRST)
    for person in (member, moderator):
        with pytest.raises(Refused):
            draft_terms(TermsKind.HOUSE_RULES, by=person, body=FIRST)
        with pytest.raises(Refused):
            publish_terms(terms, by=person)


def test_nothing_published_nothing_to_accept(member, web):
    assert terms_to_accept(member) == []
    assert again(member).owes_terms_since is None
    assert web.get("/").status_code == 200


def test_what_is_in_force_of_each_kind_is_owed_until_it_is_accepted(manager, member):
    publish(manager)
    house, second = publish(manager, kind=TermsKind.HOUSE_RULES), publish(manager, SECOND, "Patience.")
    assert terms_to_accept(member) == [house, second]
    made = accept_terms(member, [house], by=member)
    assert [row.terms for row in made] == [house]
    assert accept_terms(member, [house], by=member) == []
    assert terms_to_accept(member) == [second]
    assert again(member).owes_terms_since == second.published_at
    accept_terms(member, [second], by=member)
    assert again(member).owes_terms_since is None
    recorded = Activity.objects.filter(verb=Verb.TERMS_ACCEPTED, actor=member)
    assert {(row.data["kind"], row.data["version"]) for row in recorded} == {("house_rules", 1), ("terms", 2)}


def test_accepting_is_for_oneself_and_for_what_is_in_force(manager, member):
    first = publish(manager)
    with pytest.raises(Refused):
        accept_terms(member, [first], by=manager)
    publish(manager, SECOND, "Patience.")
    with pytest.raises(Conflict, match="newer version"):
        accept_terms(member, [first], by=member)
    assert not TermsAcceptance.objects.exists()


def test_machines_owe_nothing(manager):
    machine = make_member()
    Member.objects.filter(pk=machine.pk).update(is_machine=True)
    publish(manager)
    assert terms_to_accept(again(machine)) == []
    assert again(machine).owes_terms_since is None


# --- the pages --------------------------------------------------------------------------------------------------


def test_everybody_reads_what_is_published_and_nobody_a_draft(client, manager):
    assert "Nothing has been published yet" in client.get("/terms/").content.decode()
    publish(manager)
    draft = draft_terms(TermsKind.TERMS, by=manager, body=SECOND)
    assert client.get("/terms/terms/2/").status_code == 404
    publish_terms(
        edit_terms(draft, by=manager, body=SECOND, change_note="Patience is asked for."), by=manager
    )
    assert "/terms/terms/2/" in client.get("/terms/").content.decode()
    page = client.get("/terms/terms/2/").content.decode()
    assert "What changed since version 1" in page
    assert "<ins>" in page
    assert "patient." in page
    assert "Patience is asked for." in page
    assert "<script>alert" not in page
    assert "This is an earlier version" in client.get("/terms/terms/1/").content.decode()
    for address in ("/terms/terms/9/", "/terms/nothing/1/", f"/terms/terms/{2**40}/"):
        assert client.get(address).status_code == 404


def test_new_terms_come_before_anything_else_and_lead_on(manager, member, web):
    terms = publish(manager, ago=timedelta(days=1))
    answer = web.get("/members/?q=ann")
    assert answer.status_code == 302
    assert answer["Location"] == "/terms/accept/?next=%2Fmembers%2F%3Fq%3Dann"
    page = web.get(answer["Location"]).content.decode()
    assert "Nothing is sold here." in page
    refused = web.post("/terms/accept/", {"next": "/members/?q=ann"})
    assert refused.status_code == 422
    done = web.post("/terms/accept/", {"next": "/members/?q=ann", f"terms_{terms.pk}": "on"})
    assert done["Location"] == "/members/?q=ann"
    assert web.get("/members/?q=ann").status_code == 200
    # The button pressed twice.
    assert web.post("/terms/accept/", {f"terms_{terms.pk}": "on"}).status_code == 302
    assert TermsAcceptance.objects.count() == 1


def test_a_new_version_shows_what_it_changed(manager, member, web):
    accept_terms(member, [publish(manager)], by=member)
    publish(manager, SECOND, "Patience is asked for.")
    page = web.get("/terms/accept/").content.decode()
    assert "What changed since version 1, which you accepted" in page
    assert "Patience is asked for." in page
    assert "and patient." in page


def test_the_onward_address_stays_on_this_site(manager, member, web):
    terms = publish(manager)
    sent = {"next": "https://elsewhere.example/", f"terms_{terms.pk}": "on"}
    assert web.post("/terms/accept/", sent)["Location"] == "/"


def test_leaving_signing_out_and_public_pages_stay_open(manager, member, web):
    publish(manager, ago=timedelta(days=1))
    for address in ("/terms/", "/terms/terms/1/", "/accounts/logout/", "/health/"):
        assert web.get(address).status_code == 200, address
    assert web.get("/me/leave/").status_code == 200
    assert web.post("/accounts/logout/").status_code == 302


def test_a_form_that_was_open_may_still_be_sent_for_an_hour(manager, member, web):
    preview = ("/text/preview/", {"source": "*words*"})
    publish(manager, ago=timedelta(minutes=5))
    assert web.post(*preview).status_code == 200
    Terms.objects.update(published_at=timezone.now() - timedelta(hours=2))
    assert web.post(*preview).status_code == 302


def test_a_fragment_loads_the_whole_page(manager, member, web):
    publish(manager, ago=timedelta(days=1))
    answer = web.get("/", headers={"HX-Request": "true"})
    assert (answer.status_code, answer["HX-Redirect"]) == (204, "/terms/accept/")


def test_applicants_are_not_asked_before_they_are_in(manager, client_as, applicant):
    publish(manager, ago=timedelta(days=1))
    assert client_as(applicant).get("/accounts/password/set/").status_code == 200


def test_the_api_says_it_in_a_sentence(manager, member, client):
    secret = create_token(member, by=member, name="A program", scope=Scope.READ, days=30).secret
    header = {"Authorization": f"Bearer {secret}"}
    assert client.get("/api/v1/members/me/", headers=header).status_code == 200
    terms = publish(manager)
    refused = client.get("/api/v1/members/me/", headers=header)
    assert refused.status_code == 403
    assert "New terms are in force" in refused.json()["detail"]
    accept_terms(member, [terms], by=member)
    assert client.get("/api/v1/members/me/", headers=header).status_code == 200


def test_asking_costs_no_query_of_its_own(web, manager, member, django_assert_num_queries):
    web.get("/spaces/")
    with CaptureQueriesContext(connection) as before:
        web.get("/spaces/")
    accept_terms(member, [publish(manager)], by=member)
    with django_assert_num_queries(len(before)):
        web.get("/spaces/")


# --- the administration -----------------------------------------------------------------------------------------


def test_managers_write_publish_and_export_in_the_admin(client_as, manager):
    web = client_as(manager)
    web.post("/admin/members/terms/add/", {"kind": "terms", "body": FIRST, "change_note": ""})
    terms = Terms.objects.get()
    assert (terms.version, terms.published_at) == (1, None)
    web.post(f"/admin/members/terms/{terms.pk}/change/", {"body": SECOND, "change_note": "Patience."})
    asked = {"action": "publish", "_selected_action": terms.pk, "confirmed": "1"}
    web.post("/admin/members/terms/", asked)
    terms.refresh_from_db()
    assert terms.published_by == manager
    assert terms.body == SECOND
    accept_terms(manager, [terms], by=manager)
    changed = web.post(f"/admin/members/terms/{terms.pk}/change/", {"body": "x", "change_note": ""})
    assert changed.status_code == 403


def test_the_proof_says_who_when_what_and_carries_no_formula(client_as, manager):
    terms = publish(manager)
    villain = make_member("=HYPERLINK(1)", role=RoleName.MEMBER)
    for person in (manager, villain):
        accept_terms(person, [terms], by=person)
    asked = {"action": "export_proof", "_selected_action": terms.pk}
    answer = client_as(manager).post("/admin/members/terms/", asked)
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    text = b"".join(answer.streaming_content).decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(text)))
    assert [row["name"] for row in rows] == ["Marek Manager", "'=HYPERLINK(1)"]
    assert rows[0]["version"] == "1"
    assert rows[0]["accepted_at"].endswith("+00:00")


def test_the_proof_is_given_to_who_types_their_password_again(client_as):
    password = "seven quiet herons wade"
    manager = make_member(role=RoleName.MANAGER, password=password)
    terms = publish(manager)
    accept_terms(manager, [terms], by=manager)
    web = client_as(manager)
    asked = web.post("/admin/members/terms/", {"action": "export_proof", "_selected_action": terms.pk})
    assert asked.headers["Location"].startswith(reverse("account_reauthenticate"))
    wrong = web.post(asked.headers["Location"], {"password": "another one entirely"})
    assert "text/csv" not in wrong.headers["Content-Type"]
    answer = web.post(asked.headers["Location"], {"password": password})
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert manager.email in b"".join(answer.streaming_content).decode()
