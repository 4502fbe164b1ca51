"""Who gets which answer from which address: every URL name and every role, written down and compared.

An address that is not in the table fails the build, and so does a row whose address is gone. A row says what happens
in an open space, to the things of somebody else; closed rooms and what leaks are the matter of test_secret_sweep.py.
"""

import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from urllib.parse import urlsplit

import pytest
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.urls import clear_url_caches, path, reverse
from django.utils import timezone

from community import urls
from members.actions.standing import leave_community, suspend_member
from members.actions.terms import draft_terms, publish_terms
from members.models import TermsKind
from tests.factories import make_member
from tests.routes import Route, routes
from tests.world import ROLES, World, make_world, secrets_hidden_from, undone

pytestmark = pytest.mark.django_db

OUTSIDE = ("stranger", "deactivated")
MODERATE = ("moderator", "manager")
ANSWER = ("expert", "moderator", "manager")
GATE = ("manager", "administrator")
STAFF = ("moderator", "manager", "administrator")
ADMITTED = tuple(role for role in ROLES if role not in {*OUTSIDE, "applicant", "insider"})

# Looked through one by one: where the closed door lets strangers through to the view, and why. The API is not in the
# list: it asks for a token or a session itself, and the table below says 401 for each of its rows.
OPEN_TO_STRANGERS = {
    "health",  # for machines that watch; says one word
    "csp_report",  # browsers send it without cookies
    "gate_show",  # what the community is for and what it asks
    "application_start",  # mails a link, whoever has the address
    "application_sent",  # the same words for every address
    "application_confirm",  # what the mailed link opens
    "terms_list",  # what everybody may read before they ask to come in
    "terms_show",
    "moderation_statistics",  # figures without names (rule 8.5)
    "invitation_show",  # whoever holds the link of an invitation
    "mail_stop",  # signed, for ever: a mail must be stoppable without signing in (RFC 8058)
    "mail_act",  # signed, for a month: one tap from a mail (rule 9.6)
    "mail_inbound",  # signed by the provider of mail; nothing is there without
    "company_sign_in",  # asks which company, and leads on by the domain alone
    "company_callback",  # checks that this browser began it, and then the company's signature
    "company_answer",  # checks the company's signature, before the browser goes on to the one above
    "company_metadata",  # what the company's provider has to know of us
    "account_login",
    "account_logout",  # leads to sign-in
    "admin:login",  # leads to the site's own sign-in
    "account_inactive",  # what a deactivated person is told
    "account_signup",  # says that one comes in by invitation
    "account_reset_password",
    "account_reset_password_done",
    "account_reset_password_from_key",
    "account_reset_password_from_key_done",
    "account_request_login_code",
    "account_confirm_login_code",  # leads back to sign-in until a code was asked for
    "account_email_verification_sent",
    "mfa_authenticate",  # the second step; leads back to sign-in before the first
    "mfa_login_webauthn",  # hands out the challenge for a passkey
}


@dataclass(frozen=True)
class Row:
    """What each role gets. `body` is sent with it; `as_json` says how."""

    expected: Mapping[str, int]
    method: str = "get"
    body: Mapping[str, object] = field(default_factory=dict)
    as_json: bool = False


def page(ok: int = 200, *, method: str = "get", body: Mapping[str, object] | None = None, **but: int) -> Row:
    """A page for those inside: strangers are sent to sign in, applicants to their application."""
    led = 302 if method == "get" else 403
    everybody = dict.fromkeys(ADMITTED, ok) | {"applicant": led, "stranger": 302, "deactivated": 302}
    return Row(everybody | but, method, body or {})


def account(ok: int = 200) -> Row:
    """A page about one's own account, which applicants have too."""
    return page(ok, applicant=ok)


def act(only: tuple[str, ...] = ADMITTED, ok: int = 302, *, otherwise: int = 403, **but: int) -> Row:
    """A change by those roles; the others may see the thing and are told that they may not."""
    expected = dict.fromkeys(ADMITTED, otherwise) | dict.fromkeys(only, ok) | {"applicant": 403}
    return Row(expected | dict.fromkeys(OUTSIDE, 302) | but, "post")


def with_body(row: Row, **body: object) -> Row:
    return Row(row.expected, row.method, body, row.as_json)


def api(ok: int = 200, only: tuple[str, ...] = ADMITTED, *, method: str = "get", **body: object) -> Row:
    """JSON: 401 for those who are nobody, 403 for those who are not in."""
    expected = dict.fromkeys(ADMITTED, 403) | dict.fromkeys(only, ok)
    return Row(expected | {"stranger": 401, "deactivated": 401, "applicant": 403}, method, body, as_json=True)


def case_api(ok: int = 200, *, method: str = "get", **body: object) -> Row:
    """A case of the queue: not there for those who decide appeals alone."""
    row = api(ok, MODERATE, method=method, **body)
    return Row({**row.expected, "administrator": 404}, method, body, as_json=True)


def public(status: int = 200, *, signed_in: int | None = None, method: str = "get", **but: int) -> Row:
    """For everybody. Whoever is signed in is often sent on instead."""
    inside = dict.fromkeys((*ADMITTED, "applicant"), status if signed_in is None else signed_in)
    return Row(inside | dict.fromkeys(OUTSIDE, status) | but, method)


def report() -> Row:
    """What a browser sends by itself when it refused to run something."""
    return Row(
        dict.fromkeys((*ADMITTED, "applicant", *OUTSIDE), 204), "post", {"csp-report": {}}, as_json=True
    )


def staff(ok: int = 200, only: tuple[str, ...] = STAFF) -> Row:
    """The administration: its own entrance for everybody else."""
    return Row(dict.fromkeys((*ADMITTED, "applicant", *OUTSIDE), 302) | dict.fromkeys(only, ok))


def gate_keepers(ok: int = 200, *, method: str = "get", **body: object) -> Row:
    """For those who decide who comes in; everybody else is told who does."""
    led = 302 if method == "get" else 403
    everybody = dict.fromkeys(ADMITTED, 403) | {"applicant": led} | dict.fromkeys(OUTSIDE, 302)
    return Row(everybody | dict.fromkeys(GATE, ok), method, body)


MANAGERS_ELSE_NOTHING = Row(
    dict.fromkeys(ADMITTED, 404)
    | {"manager": 200, "administrator": 200, "applicant": 403, "stranger": 401, "deactivated": 401},
    as_json=True,
)

MATRIX: dict[str, Row] = {
    # the root
    # Strangers are led to the gate, applicants to their application.
    "home": page(applicant=302),
    "search": page(),
    "search_suggest": page(),
    "text_preview": page(method="post", body={"source": "*words*"}),
    "health": public(),
    "csp_report": report(),
    "gallery": page(),
    "company_sign_in": public(signed_in=302),
    "company_callback": public(404),
    "module_list": page(403, administrator=200),
    "module_switch": act(("administrator",)),
    # notices and mail
    "notice_list": page(),
    # Somebody else's.
    "notice_read": act((), otherwise=404),
    "notice_read_all": act(),
    "notice_preferences": page(),
    "notice_address_works": act(),
    "mail_stop": public(404),
    "mail_act": public(404),
    "mail_inbound": public(404, method="post"),
    "mail_list": page(403, manager=200, administrator=200),
    # There is no such file.
    "mail_show": page(403, manager=404, administrator=404),
    "mail_html": page(403, manager=404, administrator=404),
    "company_answer": public(404, method="post"),
    "company_metadata": public(404),
    # the gate
    "gate_show": public(),
    "application_start": public(422, method="post"),
    "application_sent": public(),
    "application_confirm": public(404),
    # Nobody of the cast has an application; only the applicant may begin one.
    "application_show": page(404, applicant=200),
    "application_edit": account(404),
    "application_create": act((), otherwise=404, applicant=302),
    "application_answer": act((), otherwise=404, applicant=404),
    "application_withdraw": act((), otherwise=404, applicant=404),
    "vouch_request_create": act((), otherwise=404, applicant=404),
    # the reviewers' side of it; there is an application of somebody outside the cast
    "application_list": gate_keepers(),
    "application_review": gate_keepers(),
    "application_take": gate_keepers(302, method="post"),
    "application_ask": gate_keepers(302, method="post", words="Which team?"),
    "application_note": gate_keepers(302, method="post", note="A word."),
    "application_assess": gate_keepers(302, method="post"),
    "application_decide": gate_keepers(302, method="post", accepts="no", words="Not yet."),
    "application_settle": gate_keepers(302, method="post", company=""),
    "application_waive": gate_keepers(302, method="post", reason="Known to us."),
    "application_escalate": gate_keepers(302, method="post", note="Half a rival."),
    # It is not on the waitlist.
    "application_move": gate_keepers(409, method="post", place="1", reason="Speaks."),
    "vouch_list": gate_keepers(),
    # Nobody of the cast was asked.
    "vouch_create": page(404),
    # members
    "member_list": page(),
    "facet_list": page(),
    "organisation_show": page(),
    "saved_search_create": with_body(act(), name="Mine", query="q=anna"),
    "saved_search_delete": act((), otherwise=404),
    "suggestion_list": page(),
    "suggestion_dismiss": act(),
    "member_export": act(("manager", "administrator"), ok=200),
    "member_show": page(),
    "member_posts": page(),
    "member_vcard": page(),
    "member_follow": act(),
    "member_unfollow": act(),
    "member_mute": act(),
    "member_unmute": act(),
    "member_block": act(),
    "member_unblock": act(),
    "introduction_create": page(),
    "introduction_list": page(),
    # Somebody else's: what is asked of others is not there.
    "introduction_answer": act((), otherwise=404),
    "tie_list": page(),
    "profile_edit": page(),
    "profile_preview": page(),
    "profile_confirm": act(),
    "question_budget": with_body(act(("expert",)), per_month="3"),
    "photo_edit": page(),
    # There is none to take away.
    "photo_delete": act(ok=409),
    "photo_show": page(applicant=404),
    "session_list": account(),
    "session_end": act((), applicant=404, otherwise=404),
    "session_end_others": act(applicant=302),
    "member_pause": page(),
    "member_resume": act((), otherwise=409),
    "member_leave": account(),
    "member_left": account(302),
    "member_return": act((), applicant=409, otherwise=409),
    "suspension_show": account(302),
    "suspension_appeal": act((), applicant=409, otherwise=409),
    "terms_list": public(),
    # Nothing is published in this world, or all of it would have to be accepted first.
    "terms_show": public(404),
    "terms_accept": page(),
    "invitation_list": page(),
    "invitation_create": page(),
    "invitation_resend": act((), otherwise=404),
    "invitation_revoke": act((), otherwise=404),
    "invitation_import": page(403, manager=200, administrator=200),
    "invitation_batch": page(403, manager=404, administrator=404),
    "invitation_show": public(404),
    "welcome": page(),
    "api_token_list": page(),
    "api_token_create": with_body(act(ok=200), name="A program", scope="read", days="30"),
    "api_token_revoke": act((), otherwise=404),
    # discussions
    "space_list": page(),
    "space_show": page(),
    "topic_create": page(),
    "topic_show": page(),
    "topic_edit": page(403, moderator=200, manager=200),
    "topic_close": with_body(act(MODERATE), reason="It is said."),
    "topic_reopen": act(MODERATE, ok=409),
    "topic_follow": with_body(act(), level="everything"),
    "post_create": with_body(act(), body="A reply."),
    "post_show": page(302),
    "post_edit": page(403, moderator=200, manager=200),
    "post_history": page(),
    "post_delete": act(MODERATE),
    "post_restore": act(MODERATE),
    "post_thank": act(),
    "post_unthank": act(),
    "answer_accept": act(ANSWER),
    "answer_unaccept": act(ANSWER),
    "tag_show": page(),
    # settling: stewards of the space do it too, and nobody of the cast is one here
    "space_edit": page(403, manager=200, administrator=200),
    "space_people": page(403, manager=200, administrator=200),
    # Nobody is named.
    "space_member_add": act(GATE, ok=422),
    "space_member_remove": act(GATE),
    "steward_add": act(GATE, ok=422),
    "steward_end": act(GATE, ok=404),
    "space_archive": act(GATE),
    "space_reopen": act(GATE, ok=409),
    "space_ask": page(moderator=302, manager=302),
    "space_request_decide": with_body(act(("manager",), otherwise=404, moderator=403), is_listed="no"),
    "topic_pin": page(403, moderator=200, manager=200),
    "topic_unpin": act(MODERATE),
    # It is no announcement.
    "topic_replies": act(()),
    "topic_move": page(403, moderator=200, manager=200),
    "topic_split": page(403, moderator=200, manager=200),
    "topic_merge": page(403, moderator=200, manager=200),
    "session_show": page(),
    "session_transcript": page(),
    "session_calendar": page(),
    "session_edit": page(403, moderator=200, manager=200),
    "session_ask": with_body(act(), body="Why?"),
    # The host is somebody else.
    "question_answer": page(403),
    "question_support": act(),
    "question_unsupport": act(),
    "tag_list": page(403, moderator=200, manager=200),
    # It is in the list already, and no other is named.
    "tag_accept": act(MODERATE, ok=409),
    "tag_merge": act(MODERATE, ok=422),
    # moderation: nobody of the cast is a steward of the open space, or has anything that waits
    "case_list": page(403, moderator=200, manager=200, administrator=200),
    # Administrators decide appeals; this case is none.
    "case_show": page(403, moderator=200, manager=200, administrator=404),
    "case_take": with_body(act(MODERATE, administrator=404), version="1"),
    "case_release": act(MODERATE, administrator=404),
    "case_rule": with_body(act(MODERATE, administrator=404), act="keep", version="1"),
    "case_export": act(("manager",), ok=200),
    "case_undo": with_body(act(MODERATE, ok=409, administrator=404), version="1"),
    "post_report": page(),
    "topic_report": page(),
    "member_report": page(),
    "own_case_list": page(),
    "own_case_edit": page(404),
    "sanction_list": page(),
    "sanction_appeal": with_body(act((), otherwise=404), words="It was irony."),
    # Nobody of the cast was sanctioned.
    "member_sanction_list": page(403, moderator=200, manager=200),
    "sanction_lift": act((), otherwise=404),
    "moderation_statistics": public(),
    "listening_list": page(403, manager=200),
    "listening_flag": act(("manager",)),
    # Nothing is flagged.
    "listening_settle": act((), manager=404),
    "space_rules": page(403, manager=200, administrator=200),
    "space_figures": page(403, moderator=200, manager=200),
    "steward_propose": page(),
    "stand_in_add": page(404),
    "steward_proposal_decide": with_body(act(GATE), is_named="no"),
    "draft_list": page(),
    "draft_keep": with_body(act(), draft_key="reply:1", body="Words."),
    "draft_drop": with_body(act(), draft_key="reply:1"),
    "mention_list": page(),
    # Without a file the words are kept, and the form says what was missing.
    "attachment_create": with_body(act(), draft_key="reply:1", body="Words."),
    "attachment_show": page(),
    "post_bin": page(),
    # the library: published, of somebody else; moderators and managers look after the space
    "resource_list": page(),
    "resource_create": page(),
    "library_desk": page(),
    "content_wanted": page(),
    "resource_show": page(),
    "resource_edit": page(403, moderator=200, manager=200),
    "resource_history": page(),
    "resource_figures": page(403, moderator=200, manager=200),
    "resource_export": page(),
    # Everybody was asked, and has answered.
    "resource_ask": act(MODERATE, ok=409),
    # None of their words stand in it.
    "resource_consent": page(404),
    "resource_submit": act(MODERATE, ok=409),
    "resource_return": with_body(act(MODERATE, ok=409), **{"return-reason": "A case."}),
    "resource_publish": act(MODERATE, ok=409),
    "resource_review": act(MODERATE),
    "resource_retire": with_body(act(MODERATE), **{"retire-reason": "Old."}),
    "resource_restore": act(MODERATE, ok=409),
    "resource_catch_up": act(MODERATE),
    "resource_move": page(403, manager=200),
    "resource_outcome": with_body(act(), outcome="used"),
    "passage_edit": page(403, moderator=200, manager=200),
    "passage_delete": act(MODERATE),
    "topic_resources": page(),
    "resource_make": page(),
    "collection_create": page(403, moderator=200, manager=200),
    "collection_show": page(),
    "collection_edit": page(403, moderator=200, manager=200),
    # None is chosen.
    "collection_add": act(MODERATE, ok=422),
    "collection_remove": act(()),
    # reading
    "topic_list": page(),
    # Nothing came since: an empty answer. Applicants see no topic that could move.
    "topic_list_live": page(204),
    "topic_live": page(200),
    "topic_unfollow": act(),
    "space_follow": with_body(act(), level="everything"),
    "space_unfollow": act(),
    "tag_follow": with_body(act(), level="highlights"),
    "tag_unfollow": act(),
    # It has its accepted answer: nobody takes it, and nobody is asked.
    "question_claim": act((), otherwise=403),
    "question_release": act(),
    "topic_experts": page(),
    "answer_request": act((), otherwise=403),
    "post_react": with_body(act(), kind="insightful"),
    "post_replies": page(),
    "bookmark_list": page(),
    "poll_list": page(),
    # It stands in the space or topic that the address names.
    "poll_create": page(404),
    "promise_list": page(403, manager=200, executive=200),
    "poll_show": page(),
    "poll_edit": page(403, moderator=200, manager=200),
    # An empty ballot.
    "poll_vote": act(ok=422),
    "poll_close": act(MODERATE),
    "poll_outcome": page(403, moderator=200, manager=200),
    # A closed one, whose results everybody sees.
    "poll_export": act(ok=200),
    "poll_delete": act(MODERATE),
    "bookmark_create": act(),
    "bookmark_delete": act(),
    # The insider's own.
    "bookmark_edit": page(404),
    "saved_view_create": with_body(act(), name="Mine", query="list=latest"),
    "saved_view_edit": page(404),
    "saved_view_delete": act((), otherwise=404),
    # messages: between the writer and the insider, so that nobody of the cast finds them, staff included
    "conversation_list": page(),
    "conversation_create": page(),
    "contact_rule_edit": page(),
    "conversation_show": page(404),
    "message_create": with_body(act((), otherwise=404), body="A word."),
    "conversation_answer": with_body(act((), otherwise=404), answer="accept"),
    "conversation_leave": act((), otherwise=404),
    "participant_create": with_body(act((), otherwise=404), to="somebody"),
    "message_show": page(404),
    "message_report": page(404),
    "message_edit": page(404),
    "message_delete": act((), otherwise=404),
    "message_restore": act((), otherwise=404),
    # allauth
    "account_login": public(signed_in=302),
    "account_logout": public(302, signed_in=200),
    "account_inactive": public(),
    "account_signup": public(signed_in=302),
    "account_reset_password": public(),
    "account_reset_password_done": public(),
    "account_reset_password_from_key": public(),
    "account_reset_password_from_key_done": public(),
    "account_request_login_code": public(signed_in=302),
    "account_confirm_login_code": public(302),
    "account_email_verification_sent": public(302),
    # The cast has no passwords, so there is nothing to ask for again.
    "account_reauthenticate": account(403),
    "account_email": account(),
    "account_change_password": account(302),
    "account_set_password": account(),
    "mfa_index": account(),
    "mfa_authenticate": public(302),
    "mfa_reauthenticate": account(403),
    "mfa_activate_totp": account(),
    "mfa_deactivate_totp": account(404),
    "mfa_view_recovery_codes": account(404),
    "mfa_generate_recovery_codes": account(),
    "mfa_download_recovery_codes": account(404),
    "mfa_list_webauthn": account(),
    "mfa_add_webauthn": account(),
    "mfa_reauthenticate_webauthn": account(403),
    "mfa_remove_webauthn": account(404),
    "mfa_edit_webauthn": account(404),
    "mfa_login_webauthn": public(302),
    # the API
    "api_schema": api(),
    "api_docs": page(applicant=403),
    "api_space_list": api(),
    "api_space_show": api(),
    "api_topic_list": api(),
    "api_topic_show": api(),
    "api_poll_list": api(),
    "api_poll_show": api(),
    # This one does not offer it.
    "api_poll_vote": api(409, method="post", needs_information=True),
    "api_poll_close": api(only=MODERATE, method="post"),
    "api_poll_outcome": api(only=MODERATE, method="post", words="Done."),
    "api_topic_pin": api(only=MODERATE, method="post", reason="First of all."),
    "api_topic_unpin": api(only=MODERATE, method="post"),
    "api_topic_move": api(404, method="post", space=2_000_000_001),
    "api_topic_split": api(201, MODERATE, method="post", numbers=[2], title="Apart"),
    "api_topic_merge": api(404, method="post", into=2_000_000_002),
    "api_session_show": api(),
    "api_session_question_list": api(),
    "api_session_question_answer": api(403, method="post", body="Because."),
    "api_session_question_support": api(method="post"),
    "api_session_question_unsupport": api(method="post"),
    "api_topic_close": api(only=MODERATE, method="post", reason="It is said."),
    "api_topic_reopen": api(409, MODERATE, method="post"),
    "api_topic_follow": api(method="post", level="mute"),
    "api_post_list": api(),
    "api_post_show": api(),
    "api_resource_list": api(),
    "api_resource_show": api(),
    "api_resource_ask": api(409, MODERATE, method="post"),
    "api_resource_consent": api(404, method="post", choice="approved"),
    "api_resource_submit": api(409, MODERATE, method="post"),
    "api_resource_publish": api(409, MODERATE, method="post"),
    "api_resource_return": api(409, MODERATE, method="post", reason="A case."),
    "api_resource_retire": api(only=MODERATE, method="post", reason="Old."),
    "api_resource_restore": api(409, MODERATE, method="post"),
    "api_resource_outcome": api(method="post", outcome="used"),
    "api_topic_resources": api(),
    "api_collection_list": api(),
    "api_collection_show": api(),
    "api_attachment_list": api(201, method="post", file_name="a.txt", content="YQ=="),
    "api_attachment_show": api(),
    "api_post_restore": api(only=MODERATE, method="post"),
    "api_post_thank": api(method="post"),
    "api_post_unthank": api(method="post"),
    "api_sanction_list": api(),
    "api_sanction_lift": api(404, method="post"),
    "api_sanction_appeal": api(404, method="post", words="It was irony."),
    "api_case_list": api(only=STAFF),
    "api_case_show": case_api(),
    "api_case_take": case_api(method="post", version=1),
    "api_case_release": case_api(method="post"),
    "api_case_rule": case_api(method="post", version=1, act="keep"),
    # Nothing was decided.
    "api_case_undo": case_api(409, method="post", version=1),
    "api_own_case_list": api(),
    "api_own_case_answer": api(404, method="post", version=1, body="Other words."),
    "api_post_report": api(201, method="post", reason="other"),
    "api_topic_report": api(201, method="post", reason="other"),
    "api_member_report": api(201, method="post", reason="other"),
    "api_post_react": api(method="post", kind="agree"),
    "api_post_unreact": api(method="post", kind="agree"),
    "api_space_follow": api(method="post", level="highlights"),
    "api_topic_for_you": api(),
    "api_topic_useful": api(),
    "api_question_claim": api(403, method="post"),
    "api_question_release": api(204, method="post"),
    "api_question_ask": api(403, method="post", member=1),
    "api_notice_list": api(),
    "api_notice_read": api(404, method="post"),
    "api_notice_read_all": api(204, method="post"),
    "api_notice_preferences": api(),
    "api_bookmark_list": api(),
    "api_bookmark_show": api(404, method="patch"),
    "api_view_list": api(),
    "api_view_show": api(404, method="patch"),
    "api_answer_accept": api(only=ANSWER, method="post"),
    "api_answer_unaccept": api(only=ANSWER, method="post"),
    # Without words there is nothing to look for.
    "api_search": api(400),
    "api_conversation_list": api(),
    "api_conversation_show": api(404),
    "api_conversation_answer": api(404, method="post", answer="accept"),
    "api_conversation_leave": api(404, method="post"),
    "api_message_list": api(404),
    "api_message_show": api(404),
    "api_message_restore": api(404, method="post"),
    "api_message_report": api(404, method="post", reason="abuse"),
    # Somebody else's: a manager's token lists and revokes everybody's.
    "api_invitation_list": api(),
    "api_invitation_show": MANAGERS_ELSE_NOTHING,
    "api_invitation_revoke": Row(MANAGERS_ELSE_NOTHING.expected, "post", {}, as_json=True),
    "api_application_list": api(only=GATE),
    "api_application_show": api(only=GATE),
    "api_application_take": api(only=GATE, method="post"),
    "api_application_ask": api(only=GATE, method="post", words="Which team?"),
    "api_application_note": api(only=GATE, method="post", text="A word."),
    "api_application_escalate": api(only=GATE, method="post", reason="An edge case."),
    "api_application_waive": api(only=GATE, method="post", reason="Everybody knows them."),
    "api_application_settle": api(only=GATE, method="post", company=None),
    # Nobody waits.
    "api_application_move": api(409, GATE, method="post", place=1, reason="A birthday."),
    "api_application_assess": api(only=GATE, method="post", judgements=[]),
    "api_application_accept": api(only=GATE, method="post"),
    "api_application_decline": api(only=GATE, method="post", words="Not yet."),
    "api_member_list": api(),
    "api_organisation_list": api(),
    "api_organisation_show": api(),
    "api_member_me": api(),
    "api_member_show": api(),
    "api_member_follow": api(method="post"),
    "api_member_unfollow": api(method="post"),
    "api_member_mute": api(method="post"),
    "api_member_unmute": api(method="post"),
    "api_member_block": api(method="post"),
    "api_member_unblock": api(method="post"),
    "api_tie_list": api(),
    "api_introduction_list": api(),
    # Between two others.
    "api_introduction_answer": api(404, method="post", agrees=True),
    # the administration, whose pages of tables follow the rule below
    "admin:index": staff(),
    "admin:login": Row(dict.fromkeys(ADMITTED, 403) | dict.fromkeys(("applicant", *STAFF, *OUTSIDE), 302)),
    # Signing out and passwords are the site's own pages.
    "admin:logout": staff(302),
    "admin:password_change": staff(302),
    "admin:password_change_done": staff(302),
    "admin:autocomplete": staff(403),
    "admin:jsi18n": staff(),
    "admin:view_on_site": staff(404),
    "admin:app_list": staff(404),
    "admin:[admin/<url>]": staff(404),
}

# The tables that the administration shows, and to whom. Whoever is not staff does not get in at all.
ADMIN_TABLES: dict[str, tuple[str, ...]] = {
    "community_importrecord": ("manager", "administrator"),
    "core_addressfault": ("manager", "administrator"),
    "core_activity": ("manager", "administrator"),
    "core_apitoken": ("administrator",),
    "core_searchmiss": ("manager", "administrator"),
    "discussions_cannedreason": MODERATE,
    "discussions_case": STAFF,
    "discussions_poll": MODERATE,
    "discussions_post": MODERATE,
    "discussions_report": MODERATE,
    "discussions_resource": MODERATE,
    "discussions_space": ("manager", "administrator"),
    "discussions_spacemembership": ("manager", "administrator"),
    "discussions_spacesteward": ("manager", "administrator"),
    "discussions_tag": MODERATE,
    "discussions_topic": MODERATE,
    "members_application": GATE,
    "members_criterion": ("manager", "administrator"),
    "members_gate": ("manager", "administrator"),
    "members_question": ("manager", "administrator"),
    "members_tier": ("manager", "administrator"),
    "members_identityprovider": ("administrator",),
    "members_expertise": ("manager", "administrator"),
    "members_factfield": ("manager", "administrator"),
    "members_member": ("manager", "administrator"),
    "members_invitation": ("manager", "administrator"),
    "members_domainrule": ("manager", "administrator"),
    "members_terms": ("manager", "administrator"),
    "members_organisation": ("manager", "administrator"),
    "members_sanction": MODERATE,
    "members_suspension": STAFF,
}
ADMIN_PAGE = re.compile(r"admin:(?P<table>[a-z]+_[a-z]+)_(?P<page>changelist|add|history|delete|change)")
ADMIN_OLD_ADDRESS = re.compile(r"admin:\[admin/(?P<app>[a-z]+)/(?P<model>[a-z]+)/<path:object_id>/\]")


def row_of(name: str) -> Row | None:
    """The row of an address; a page of an administered table follows from who may see the table."""
    if name in MATRIX:
        return MATRIX[name]
    if (found := ADMIN_OLD_ADDRESS.fullmatch(name)) and f"{found['app']}_{found['model']}" in ADMIN_TABLES:
        return staff(302)
    if (found := ADMIN_PAGE.fullmatch(name)) and found["table"] in ADMIN_TABLES:
        otherwise = staff(403)
        return Row(otherwise.expected | dict.fromkeys(ADMIN_TABLES[found["table"]], ADMINISTERED))
    return None


# Not compared: a page of a table may be shown, say that there is no such row, or refuse adding and deleting.
ADMINISTERED = 0


def values(world: World) -> dict[str, object]:
    writer, room = world.writer, world.rooms["open"]
    assert writer is not None
    return {
        **room.ids(),
        "post_id of post_restore": room.deleted.pk,
        "post_id of api_post_restore": room.deleted.pk,
        "handle": writer.handle,
        "link_name": "company-0",
        "session_id": 1,
        "sanction_id": 1,
        "slug of space_ask": "askable",
        "request_id": world.request.pk,
        "slug of organisation_show": world.company.slug if world.company else "",
        "organisation_id": world.company.pk if world.company else 0,
        "search_id": world.search.pk if world.search else 0,
        "member_id": writer.pk,
        "bookmark_id": world.bookmark.pk,
        "view_id": world.saved_view.pk,
        "token_id": world.tokens["insider"].pk,
        "pk": 1,
        "kind": "terms",
        "invitation_id": world.invitation.pk,
        "application_id": world.application.pk,
        "batch_id": "00000000-0000-4000-8000-000000000000",
        "version": 1,
        "uidb36": "1",
        "key": "unknown-key",
        "key of facet_list": "company",
        "introduction_id": world.introduction.pk,
        "conversation_id": world.message.conversation_id,
        "message_id": world.message.pk,
        "name": world.photo.name,
        "name of module_switch": "polls",
        "token": "unknown-token",
        "notice_id": world.notice.pk,
        "size": 96,
        "object_id": 2**31,
        "content_type_id": 1,
        "app_label": "nothing",
        "url": "nothing/",
    }


def ask(client: Client, row: Row, address: str) -> HttpResponse:
    with undone():
        if row.as_json and row.method != "get":
            body = json.dumps(row.body) if row.body else ""
            return client.generic(row.method.upper(), address, body, content_type="application/json")
        return getattr(client, row.method)(address, dict(row.body))


def deviations(
    world: World, found: Iterable[Route], rule: Callable[[str], Row | None] = row_of
) -> dict[str, object]:
    """Every address whose answers are not those of its row."""
    filled = values(world)
    clients = {role: world.client(role) for role in ROLES if role != "insider"}
    wrong: dict[str, object] = {}
    for route in found:
        row = rule(route.name)
        if row is None:
            wrong[route.name] = "not in the table"
            continue
        for role, client in clients.items():
            status, expected = ask(client, row, route.address(filled)).status_code, row.expected[role]
            fits = status in {200, 302, 403, 404} if expected == ADMINISTERED else status == expected
            if not fits:
                wrong[f"{route.name} for {role}"] = f"{status} instead of {expected}"
    return wrong


def leads_to_sign_in(answer: HttpResponse) -> bool:
    return answer.status_code == 302 and urlsplit(answer["Location"]).path in {
        "/accounts/login/",
        "/admin/login/",
        # From the home page.
        "/join/",
    }


def open_doors(found: Iterable[Route], world: World) -> set[str]:
    """Addresses where a stranger meets anything but the way to sign in, whatever they send."""
    filled, client = values(world), Client(raise_request_exception=False)
    return {
        route.name
        for route in found
        for method in ("get", "post", "put", "patch", "delete")
        for answer in [client.generic(method.upper(), route.address(filled))]
        if answer.status_code not in {401, 405} and not leads_to_sign_in(answer)
    }


def test_every_role_gets_from_every_address_what_the_table_says():
    assert deviations(make_world(), routes()) == {}


def test_every_row_of_the_table_has_its_address():
    names = {route.name for route in routes()}
    assert set(MATRIX) <= names
    assert {found["table"] for name in names if (found := ADMIN_PAGE.fullmatch(name))} == set(ADMIN_TABLES)


def test_exactly_the_reviewed_doors_are_open_to_strangers():
    exempt = {route.name for route in routes() if route.exempt and not route.name.startswith("api_")}
    assert exempt == OPEN_TO_STRANGERS - {"admin:login"}
    assert open_doors(routes(), make_world()) <= OPEN_TO_STRANGERS


# The pages that stay open to somebody who may sign in but not go on: the one they are led to, and ways out.
@pytest.mark.parametrize(
    ("standing", "page_name", "open_pages"),
    [
        (
            "suspended",
            "suspension_show",
            {
                "suspension_show", "suspension_appeal", "member_leave", "account_logout", "account_reauthenticate",
                "mfa_reauthenticate", "mfa_reauthenticate_webauthn", "health", "csp_report",
            },
        ),
        ("left", "member_left", {"member_left", "member_return", "account_logout", "health", "csp_report"}),
    ],
)  # fmt: skip
@pytest.mark.parametrize("role", ["member", "manager"])
def test_whoever_is_suspended_or_gone_meets_one_page(standing, page_name, open_pages, role):
    world = make_world()
    filled, member = values(world), world.cast[role]
    if standing == "suspended":
        suspend_member(
            member,
            by=make_member(role="manager"),
            reason="Shouting.",
            until=timezone.now() + timedelta(days=2),
        )
    else:
        leave_community(member, by=member)
    client, wrong = world.client(role), {}
    for route in routes():
        if route.name in open_pages:
            continue
        for method in ("get", "post"):
            with undone():
                answer = getattr(client, method)(route.address(filled))
            is_led = answer.status_code == 302 and answer["Location"] == reverse(page_name)
            # 404 and 405 say nothing but that the address is none.
            if not is_led and answer.status_code not in {403, 404, 405}:
                wrong[f"{method} {route.name}"] = answer.status_code
    assert wrong == {}


def test_who_has_only_asked_to_come_in_is_led_to_their_application():
    """Never an empty list of what is inside, whether the thing behind the address is there or not."""
    world = make_world()
    filled, client, wrong = values(world), world.client("applicant"), {}
    theirs = {
        "home", "application_show", "application_edit", "application_create", "session_list", "member_leave",
        "suspension_show", "member_left", "photo_show", "api_docs",
    }  # fmt: skip
    for route in routes():
        is_account = route.name.startswith(("account_", "mfa_", "session_end", "api_"))
        if route.exempt or is_account or route.name in theirs:
            continue
        with undone():
            answer = client.get(route.address(filled))
        is_led = answer.status_code == 302 and answer["Location"] == f"{reverse('application_show')}?led=1"
        if not is_led and answer.status_code != 405:
            wrong[route.name] = (answer.status_code, answer.get("Location"))
        with undone():
            answer = client.post(route.address(filled))
        if answer.status_code not in {403, 404, 405, 409}:
            wrong[f"post {route.name}"] = answer.status_code
    assert wrong == {}


@pytest.mark.parametrize("kind", TermsKind.values)
def test_published_terms_are_there_for_everybody_and_drafts_for_nobody(kind):
    """The table asks where nothing is published; these are the same addresses with something behind them."""
    world = make_world()
    manager = world.cast["manager"]
    for version in ("zqtermsoneqz", "zqtermstwoqz"):
        publish_terms(
            draft_terms(kind, by=manager, body=f"Be kind. {version}", change_note="A word."), by=manager
        )
    draft_terms(kind, by=manager, body="zqtermsdraftqz", change_note="Another word.")
    for role in ROLES:
        client, hidden = world.client(role), secrets_hidden_from(role) | {"zqtermsdraftqz"}
        shown = {
            address: client.get(address)
            for address in ("/terms/", f"/terms/{kind}/1/", f"/terms/{kind}/2/", f"/terms/{kind}/3/")
        }
        assert [answer.status_code for answer in shown.values()] == [200, 200, 200, 404], role
        assert "zqtermsoneqz" in shown[f"/terms/{kind}/1/"].content.decode()
        assert "zqtermstwoqz" in shown[f"/terms/{kind}/2/"].content.decode()
        text = "".join(answer.content.decode().lower() for answer in shown.values())
        assert not [word for word in hidden if word.lower() in text], role


# --- the table can fail ---


@login_not_required
def careless(_request: HttpRequest) -> HttpResponse:
    return HttpResponse("for everybody")


@pytest.fixture
def planted(monkeypatch):
    """An address that somebody forgot to put in the table, and to close."""
    monkeypatch.setattr(
        urls, "urlpatterns", [*urls.urlpatterns, path("careless/", careless, name="careless")]
    )
    clear_url_caches()
    yield next(route for route in routes() if route.name == "careless")
    monkeypatch.undo()
    clear_url_caches()


def test_an_address_that_is_not_in_the_table_is_noticed(planted):
    assert deviations(make_world(), [planted]) == {"careless": "not in the table"}


def test_an_open_door_that_was_not_reviewed_is_noticed(planted):
    assert planted.exempt
    assert open_doors([planted], make_world()) == {"careless"}


def test_an_answer_that_is_not_in_its_row_is_noticed(planted):
    wrong = deviations(make_world(), [planted], lambda _name: page())
    assert wrong == {
        "careless for stranger": "200 instead of 302",
        "careless for applicant": "200 instead of 302",
        "careless for deactivated": "200 instead of 302",
    }
