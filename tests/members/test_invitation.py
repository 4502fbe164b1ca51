"""Invitations: one person, once, for a while; what they spare, who may send how many, and what their links say."""

import re
from datetime import timedelta
from threading import Barrier, Thread

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from community.core.errors import Conflict, DomainError, Invalid, Refused
from community.core.models import Activity, Mail, Scope
from community.core.tokens import create_token
from community.core.verbs import Verb
from members.actions.application import submit_application
from members.actions.domain import set_domain_rule
from members.actions.invitation import (
    PROOFS_PER_DAY,
    accept_as_newcomer,
    accept_invitation,
    ask_for_proof,
    invitations_left,
    make_link,
    read_link,
    resend_invitation,
    revoke_invitation,
    send_invitation,
)
from members.actions.invitation_batch import import_invitations, send_batch
from members.actions.terms import draft_terms, publish_terms
from members.models import (
    Admission,
    Application,
    ApplicationState,
    DomainPolicy,
    Gate,
    Invitation,
    Member,
    RoleName,
    Skip,
    TermsKind,
    Tier,
    Welcome,
)
from tests.factories import dispatch_activity, make_member, make_organisation

pytestmark = pytest.mark.django_db

ALL = (Skip.QUESTIONS, Skip.VOUCHES, Skip.REVIEW)


def path_of(link: str) -> str:
    return re.sub(r"^https?://[^/]+", "", link)


def link_in(mail: Mail) -> str:
    return re.search(r"https?://\S+/join/invitation/\S+/", mail.body)[0]


def invite(by: Member, email: str = "ann@new.example", **said) -> Invitation:
    return send_invitation(by=by, email=email, **said)


# --- sending ----------------------------------------------------------------------------------------------------


def test_an_invitation_is_mailed_with_what_it_spares_and_what_not(manager):
    invitation = invite(
        manager, "Ann@New.Example", name="Ann", message="You know pricing.", skips=[Skip.QUESTIONS]
    )
    assert invitation.email == "ann@new.example"
    mail = Mail.objects.get(kind="invitation.sent")
    assert mail.address == "ann@new.example"
    assert mail.subject.startswith("Marek Manager invites you to")
    for words in ("Hello Ann", "You know pricing.", "the questions of the form", "the terms and house rules"):
        assert words in mail.body
    spared, asked = mail.body.split("It does not spare you:")
    assert "the questions of the form" in spared
    assert "the review by a community manager" in asked
    assert "&" not in mail.subject
    sent = Activity.objects.get(verb=Verb.INVITATION_SENT)
    assert sent.data["skips"] == ["questions"]
    assert "ann@" not in f"{sent.target_title} {sent.data}"


def test_each_link_is_another_one_and_none_opens_anything_else(manager):
    invitation = invite(manager)
    first = read_link(make_link(invitation, address="ann@new.example").rstrip("/").rpartition("/")[2])
    assert (first.invitation_id, first.address) == (invitation.pk, "ann@new.example")
    token = make_link(invitation).rstrip("/").rpartition("/")[2]
    assert read_link(token[:-2] + "zz") is None
    assert read_link("") is None
    assert read_link("a:b:c") is None


def test_members_have_a_quota_and_managers_none(member, manager):
    Gate.objects.update_or_create(pk=1, defaults={"invitations_per_member": 2})
    assert (invitations_left(member), invitations_left(manager)) == (2, None)
    invite(member, "one@new.example")
    revoke_invitation(invite(member, "two@new.example"), by=member)
    with pytest.raises(Conflict, match="Your 2 invitations of this year are used"):
        invite(member, "three@new.example")
    Invitation.objects.filter(email="one@new.example").update(created_at=timezone.now() - timedelta(days=400))
    assert invitations_left(member) == 1
    invite(member, "three@new.example")


def test_what_a_members_invitation_spares_its_tier_says(member):
    assert invite(member).skips == []
    tier = Tier.objects.create(name="Guests", slug="guests", invited_skip_questions=True)
    assert invite(member, "bo@new.example", tier=tier).skips == ["questions"]
    with pytest.raises(Refused, match="community managers choose"):
        invite(member, "cy@new.example", skips=[Skip.REVIEW])


def test_only_managers_learn_whose_an_address_is(member, other_member, manager):
    with pytest.raises(Conflict, match="belongs to somebody here"):
        invite(manager, other_member.email)
    assert invite(member, other_member.email).email == other_member.email


@pytest.mark.parametrize("email", ["", "nobody", "a b@new.example", "x" * 250 + "@new.example"])
def test_a_member_needs_an_address_that_is_one(member, email):
    with pytest.raises(Invalid):
        invite(member, email)


def test_one_open_invitation_for_an_address_and_an_ended_one_makes_room(member, other_member):
    first = invite(member)
    with pytest.raises(Conflict, match="invited already"):
        invite(other_member)
    Invitation.objects.filter(pk=first.pk).update(
        created_at=timezone.now() - timedelta(days=40), expires_at=timezone.now() - timedelta(days=1)
    )
    second = invite(other_member)
    first.refresh_from_db()
    assert first.revoked_at is not None
    assert second.pk != first.pk


def test_blocked_domains_and_oneself_are_not_invited(member, manager):
    set_domain_rule("rival.example", DomainPolicy.BLOCK, by=manager, reason="Competitors are not let in.")
    with pytest.raises(Invalid, match="Competitors are not let in"):
        invite(member, "ann@eu.rival.example")
    with pytest.raises(Conflict, match="your own"):
        invite(member, member.email)


def test_applicants_and_strangers_invite_nobody(applicant, deactivated):
    for person in (applicant, deactivated):
        with pytest.raises(Refused):
            invite(Member.objects.get(pk=person.pk))


def test_sent_again_once_a_day_and_with_the_whole_time(member, other_member):
    invitation = invite(member)
    with pytest.raises(Conflict, match="sent today"):
        resend_invitation(invitation, by=member)
    earlier = timezone.now() - timedelta(days=40)
    Invitation.objects.update(created_at=earlier, expires_at=earlier + timedelta(days=30))
    with pytest.raises(Refused):
        resend_invitation(invitation, by=other_member)
    again = resend_invitation(invitation, by=member)
    assert again.expires_at > timezone.now() + timedelta(days=29)
    assert Mail.objects.filter(kind="invitation.sent").count() == 2
    with pytest.raises(Conflict):
        resend_invitation(invitation, by=member)


def test_revoking_ends_it_and_takes_back_the_mail_that_waits(member, other_member, manager):
    invitation = invite(member)
    with pytest.raises(Refused):
        revoke_invitation(invitation, by=other_member)
    revoke_invitation(invitation, by=manager)
    revoke_invitation(invitation, by=member)
    assert not Mail.objects.filter(kind="invitation.sent").exists()
    assert Activity.objects.filter(verb=Verb.INVITATION_REVOKED).count() == 1
    with pytest.raises(Conflict, match="taken back"):
        accept_as_newcomer(invitation, address="ann@new.example", name="Ann")


# --- accepting --------------------------------------------------------------------------------------------------


def test_whoever_is_spared_the_review_is_in_at_once(manager):
    company = make_organisation("Nordwind")
    invitation = invite(manager, skips=ALL, organisation=company)
    person = accept_as_newcomer(invitation, address="ann@new.example", name="Ann Newcomer")
    person = Member.objects.get(pk=person.pk)
    assert person.is_admitted
    admission = Admission.objects.get(member=person)
    assert (admission.invitation, admission.organisation, admission.admitted_by) == (
        invitation,
        company,
        manager,
    )
    assert Application.objects.get(member=person).state == ApplicationState.ACCEPTED
    assert Welcome.objects.filter(member=person, finished_at=None).exists()
    invitation.refresh_from_db()
    assert invitation.accepted_by == person
    came = Activity.objects.get(verb=Verb.INVITATION_ACCEPTED)
    assert (came.actor, came.counterpart) == (person, manager)
    joined = Activity.objects.filter(verb=Verb.MEMBER_JOINED, target_id=person.pk)
    assert [row.data["source"] for row in joined] == ["invitation"]
    dispatch_activity()
    mails = Mail.objects.filter(kind="invitation.accepted")
    assert [mail.address for mail in mails] == [manager.email]
    assert "came into" in mails.get().body


def test_where_no_place_is_free_the_waitlist_takes_them(manager):
    tier = Tier.objects.create(name="Small", slug="small", capacity=0)
    invitation = invite(manager, skips=ALL, tier=tier)
    person = accept_as_newcomer(invitation, address="ann@new.example", name="Ann")
    application = Application.objects.get(member=person)
    assert application.state == ApplicationState.WAITLISTED
    assert not Member.objects.get(pk=person.pk).is_admitted


def test_without_the_questions_the_application_is_sent_and_reviewed(manager):
    invitation = invite(manager, skips=[Skip.QUESTIONS])
    person = accept_as_newcomer(invitation, address="ann@new.example", name="Ann")
    application = Application.objects.get(member=person)
    assert (application.state, application.invitation) == (ApplicationState.SUBMITTED, invitation)
    assert application.due_at is not None


def test_a_plain_one_begins_an_application_and_says_who_invited(member):
    invitation = invite(member)
    person = accept_as_newcomer(invitation, address="ann@new.example", name="Ann")
    application = Application.objects.get(member=person)
    assert (application.state, application.invitation) == (ApplicationState.DRAFT, invitation)
    dispatch_activity()
    assert "on the way through the gate" in Mail.objects.get(kind="invitation.accepted").body


def test_a_domain_that_lets_in_lets_in_the_invited_too(manager, member):
    company = make_organisation("Nordwind")
    tier = Tier.objects.create(name="Guests", slug="guests", invited_skip_questions=True)
    set_domain_rule("nordwind.example", DomainPolicy.ACCEPT, by=manager, organisation=company)
    invitation = invite(member, "ann@nordwind.example", tier=tier)
    person = accept_as_newcomer(invitation, address="ann@nordwind.example", name="Ann")
    dispatch_activity()
    assert Admission.objects.get(member=person).organisation == company


def test_what_is_not_spared_is_still_asked(manager):
    tier = Tier.objects.create(name="Circle", slug="circle", vouches_needed=1)
    invitation = invite(manager, tier=tier, skips=[Skip.QUESTIONS, Skip.REVIEW])
    assert "the vouches" in invitation.still_asks
    person = accept_as_newcomer(invitation, address="ann@new.example", name="Ann")
    dispatch_activity()
    assert Application.objects.get(member=person).state == ApplicationState.SUBMITTED
    plain = Tier.objects.create(name="Plain", slug="plain")
    unasked = invite(manager, "bo@new.example", tier=plain, skips=[Skip.REVIEW])
    other = accept_as_newcomer(unasked, address="bo@new.example", name="Bo")
    application = Application.objects.get(member=other)
    assert application.state == ApplicationState.DRAFT
    submit_application(application, by=other)
    dispatch_activity()
    assert Member.objects.get(pk=other.pk).is_admitted


def test_it_is_bound_to_its_address(manager, applicant):
    invitation = invite(manager)
    with pytest.raises(Refused, match="another address"):
        accept_as_newcomer(invitation, address="bo@new.example", name="Bo")
    with pytest.raises(Refused, match="another address"):
        accept_invitation(invitation, applicant, by=applicant)
    invitation.refresh_from_db()
    assert invitation.accepted_at is None


def test_an_applicant_keeps_what_was_written(manager):
    applicant = make_member("Ann", role=RoleName.APPLICANT, email="ann@new.example")
    invitation = Invitation.objects.create(
        email="ann@new.example",
        tier=Tier.objects.create(name="One", slug="one"),
        skips=list(ALL),
        invited_by=manager,
        expires_at=timezone.now() + timedelta(days=3),
    )
    accept_invitation(invitation, applicant, by=applicant)
    assert Member.objects.get(pk=applicant.pk).is_admitted
    assert Application.objects.filter(member=applicant).count() == 1


def test_a_full_account_is_never_touched(member, manager):
    invitation = send_invitation(by=manager)
    with pytest.raises(Conflict, match="member already"):
        accept_invitation(invitation, member, by=member)
    with pytest.raises(Conflict, match="has an account"):
        accept_as_newcomer(invitation, address=member.email, name="Mira")
    invitation.refresh_from_db()
    assert invitation.accepted_at is None


def test_used_and_ended_ones_say_so(manager):
    invitation = invite(manager, skips=ALL)
    accept_as_newcomer(invitation, address="ann@new.example", name="Ann")
    with pytest.raises(Conflict, match="used already"):
        accept_as_newcomer(invitation, address="ann@new.example", name="Ann")
    ended = invite(manager, "bo@new.example")
    Invitation.objects.filter(pk=ended.pk).update(
        created_at=timezone.now() - timedelta(days=9), expires_at=timezone.now() - timedelta(days=1)
    )
    with pytest.raises(Conflict, match="has ended. Ask Marek Manager"):
        accept_as_newcomer(ended, address="bo@new.example", name="Bo")


@pytest.mark.parametrize("name", ["", "   ", "\u200b", "x" * 81])
def test_a_name_is_needed_and_the_invitation_is_kept(manager, name):
    invitation = invite(manager)
    with pytest.raises(Invalid):
        accept_as_newcomer(invitation, address="ann@new.example", name=name)
    assert not Member.objects.filter(email="ann@new.example").exists()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("is_bound", [False, True])
def test_of_fifty_who_accept_at_once_exactly_one_wins(is_bound):
    manager = make_member(role=RoleName.MANAGER)
    invitation = send_invitation(by=manager, email="ann@new.example" if is_bound else "", skips=ALL)
    before = Member.objects.count()
    ready, outcomes = Barrier(50), []

    def accept(number: int) -> None:
        address = "ann@new.example" if is_bound else f"person{number}@new.example"
        ready.wait()
        try:
            accept_as_newcomer(invitation, address=address, name=f"Person {number}")
        except DomainError as error:
            outcomes.append(error.sentence)
        else:
            outcomes.append("")
        finally:
            connection.close()

    threads = [Thread(target=accept, args=[number]) for number in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(outcomes) == 50
    assert outcomes.count("") == 1
    assert sum("used already" in sentence for sentence in outcomes) == 49
    assert Admission.objects.count() == 1
    # Nobody of those who were too late has left an account behind.
    assert Member.objects.count() == before + 1


# --- an open link -----------------------------------------------------------------------------------------------


def test_an_open_link_asks_for_proof_of_an_address_in_one_answer_for_all(manager, other_member):
    invitation = send_invitation(by=manager, skips=ALL)
    web, path = Client(), path_of(make_link(invitation))
    answers = [
        web.post(path, {"name": "Ann", "email": email}) for email in ("ann@new.example", other_member.email)
    ]
    assert [answer.status_code for answer in answers] == [200, 200]
    # Tokens and nonces are new in each answer.
    told = [re.sub(rb'(value|nonce)="[^"]{20,}"', b"", answer.content) for answer in answers]
    assert told[0] == told[1]
    mails = {mail.address: mail for mail in Mail.objects.filter(kind="invitation.proof")}
    assert "has an account here already" in mails[other_member.email].body
    onward = path_of(link_in(mails["ann@new.example"]))
    assert web.post(onward, {"name": "Ann Newcomer"})["Location"] == "/welcome/"
    assert Member.objects.get(email="ann@new.example").display_name == "Ann Newcomer"


def test_an_open_link_fills_nobodys_mailbox(manager):
    invitation = send_invitation(by=manager)
    for number in range(PROOFS_PER_DAY):
        ask_for_proof(invitation, email=f"p{number}@new.example", name="")
        ask_for_proof(invitation, email=f"p{number}@new.example", name="")
    assert Mail.objects.filter(kind="invitation.proof").count() == PROOFS_PER_DAY
    with pytest.raises(Conflict, match="tried with many addresses"):
        ask_for_proof(invitation, email="one.more@new.example", name="")


# --- the pages --------------------------------------------------------------------------------------------------


def test_the_link_shows_and_the_button_acts(manager, client):
    invitation = invite(manager, name="Ann", message="You know <b>pricing</b>.", skips=ALL)
    path = path_of(link_in(Mail.objects.get(kind="invitation.sent")))
    page = client.get(path).content.decode()
    assert "Marek Manager" in page
    assert "You know &lt;b&gt;pricing" in page
    assert 'value="Ann"' in page
    invitation.refresh_from_db()
    assert invitation.accepted_at is None
    assert client.post(path, {"name": ""}).status_code == 422
    answer = client.post(path, {"name": "Ann Newcomer"})
    assert (answer.status_code, answer["Location"]) == (302, "/welcome/")
    assert client.get("/welcome/").status_code == 200
    assert "used already" in Client().get(path).content.decode()
    assert Client().get(path).status_code == 410


def test_the_terms_come_first_for_whoever_is_let_in(manager, client):
    terms = publish_terms(draft_terms(TermsKind.TERMS, by=manager, body="Be kind."), by=manager)
    invite(manager, skips=ALL)
    path = path_of(link_in(Mail.objects.get(kind="invitation.sent")))
    client.post(path, {"name": "Ann"})
    assert client.get("/welcome/")["Location"] == "/terms/accept/?next=%2Fwelcome%2F"
    sent = {"next": "/welcome/", f"terms_{terms.pk}": "on"}
    assert client.post("/terms/accept/", sent)["Location"] == "/welcome/"


def test_links_that_lead_nowhere_say_what_to_do(manager, client):
    assert "This link is not complete" in client.get("/join/invitation/abc/").content.decode()
    assert client.get("/join/invitation/abc/").status_code == 404
    invitation = invite(manager)
    path = path_of(link_in(Mail.objects.get(kind="invitation.sent")))
    assert client.get(path[:-4] + "xy/").status_code == 404
    revoke_invitation(invitation, by=manager)
    page = client.get(path)
    assert page.status_code == 410
    assert "taken back. You can still ask to come in yourself." in page.content.decode()


def test_a_member_who_opens_one_keeps_it_unused(member, manager, web):
    invitation = send_invitation(by=manager)
    path = path_of(make_link(invitation))
    assert "a member already" in web.get(path).content.decode()
    answer = web.post(path, {"name": "x"})
    assert answer.status_code == 409
    assert "stays unused" in answer.content.decode()


def test_members_see_their_own_and_what_became_of_them(member, other_member, web):
    invite(member)
    invite(other_member, "theirs@new.example")
    page = web.get("/invitations/").content.decode()
    assert "ann@new.example" in page
    assert "theirs@new.example" not in page
    assert "You can send 2 more this year." in page
    theirs = Invitation.objects.get(email="theirs@new.example")
    assert web.post(f"/invitations/{theirs.pk}/revoke/").status_code == 404
    mine = Invitation.objects.get(email="ann@new.example")
    assert web.post(f"/invitations/{mine.pk}/revoke/").status_code == 302
    assert "taken back" in web.get("/invitations/").content.decode()


def test_a_refused_form_keeps_what_was_typed(member, web):
    answer = web.post("/invitations/new/", {"email": "nobody", "name": "Ann", "message": "You know pricing."})
    assert answer.status_code == 422
    page = answer.content.decode()
    for typed in ("nobody", "Ann", "You know pricing."):
        assert typed in page
    assert web.post("/invitations/new/", {"email": "ann@new.example"}).status_code == 302
    assert web.post("/invitations/new/", {"email": "b@new.example", "skips": ["review"]}).status_code == 302
    assert Invitation.objects.get(email="b@new.example").skips == []


def test_a_manager_gets_a_link_to_hand_over_once(client_as, manager):
    web = client_as(manager)
    assert web.post("/invitations/new/", {"email": "", "skips": ["questions", "review"]}).status_code == 302
    page = web.get("/invitations/").content.decode()
    link = re.search(r'value="(http[^"]+/join/invitation/[^"]+)"', page)[1]
    assert "/join/invitation/" not in web.get("/invitations/").content.decode()
    assert Client().get(path_of(link)).status_code == 200


# --- the administration and the API -----------------------------------------------------------------------------


def test_managers_look_after_everybodys_in_the_admin(client_as, manager, member):
    invitation = invite(member)
    batch = send_batch(import_invitations(b"email\nbo@new.example\ncy@new.example\n", by=manager), by=manager)
    web = client_as(manager)
    page = web.get("/admin/members/invitation/?state=open").content.decode()
    for address in ("ann@new.example", "bo@new.example", "cy@new.example"):
        assert address in page
    asked = {"action": "revoke", "_selected_action": invitation.pk, "confirmed": "1"}
    assert web.post("/admin/members/invitation/", asked).status_code == 302
    invitation.refresh_from_db()
    assert invitation.revoked_at is not None
    one = Invitation.objects.get(email="bo@new.example")
    asked = {"action": "revoke_file", "_selected_action": one.pk, "confirmed": "1"}
    assert web.post("/admin/members/invitation/", asked).status_code == 302
    assert not Invitation.objects.filter(batch=batch.pk, revoked_at=None).exists()
    for state in ("accepted", "ended", "revoked", "open"):
        assert web.get(f"/admin/members/invitation/?state={state}&q=new.example").status_code == 200
    assert web.get(f"/admin/members/invitation/{one.pk}/change/").status_code == 200


def test_the_api_invites_lists_and_revokes_with_the_same_rights(member, other_member, manager, client_as):
    def ask(who: Member, method: str, path: str, body: dict | None = None):
        secret = create_token(who, by=who, name="A program", scope=Scope.WRITE, days=3).secret
        sent = {"data": body or {}, "content_type": "application/json"} if method == "post" else {}
        return getattr(Client(), method)(
            f"/api/v1/invitations/{path}", headers={"Authorization": f"Bearer {secret}"}, **sent
        )

    made = ask(member, "post", "", {"email": "ann@new.example", "message": "You know pricing."})
    assert made.status_code == 201
    pk = made.json()["id"]
    assert made["Location"] == f"/api/v1/invitations/{pk}/"
    assert made.json()["invited_by"]["display_name"] == "Mira Member"
    assert "join/invitation" not in made.content.decode()
    assert ask(member, "post", "", {"email": "nobody"}).status_code == 422
    assert ask(member, "post", "", {"email": "b@new.example", "skips": ["review"]}).status_code == 400
    assert [row["id"] for row in ask(member, "get", "").json()["results"]] == [pk]
    assert ask(other_member, "get", "").json()["results"] == []
    assert ask(other_member, "get", f"{pk}/").status_code == 404
    assert ask(other_member, "post", f"{pk}/revoke/").status_code == 404
    assert [row["id"] for row in ask(manager, "get", "").json()["results"]] == [pk]
    revoked = ask(member, "post", f"{pk}/revoke/")
    assert revoked.status_code == 200
    assert revoked.json()["revoked_at"].endswith("Z")
