"""The queue over pages, API and admin, by the same actions; stewards, critics, figures and notices."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from community.core.errors import Conflict, Invalid, Refused
from community.core.models import Activity, Module, Notice, NoticeReason, Scope
from community.core.text import Prose, SourceFormat
from community.core.tokens import create_token
from community.core.verbs import Verb
from discussions.actions.case import report_post, report_topic
from discussions.actions.listening import look_for_critics, says_disappointment, settle_listening
from discussions.actions.moderation import Terms, rule_case
from discussions.actions.post import create_post, react_to_post
from discussions.actions.sanction import lift_sanction, quiet_member, warn_member
from discussions.actions.steward import (
    decide_proposal,
    end_steward,
    name_stand_in,
    name_steward,
    propose_steward,
    settle_quality,
)
from discussions.actions.submission import send_post
from discussions.models import (
    Case,
    CaseKind,
    CaseState,
    HeldPost,
    Listening,
    Post,
    ReactionKind,
    ReportReason,
    Ruling,
    RulingAct,
    SpaceSteward,
    StewardPower,
)
from discussions.permissions import is_steward
from discussions.quality import ARTICLE_COMMENTS
from members.actions.module import switch_module
from members.models import RoleName, Sanction
from tests.discussions.test_moderation import WHY, fresh, reported, words
from tests.factories import dispatch_activity, make_member, make_post, make_space, make_topic

pytestmark = pytest.mark.django_db

HOUR = timedelta(hours=1)


@pytest.fixture
def space():
    return make_space("Pricing")


@pytest.fixture
def post(space, other_member):
    topic = make_topic(space=space, by=make_member("Olga Opener"), title="Pilots")
    return make_post(topic=topic, by=other_member, body="Ring me under 0123 456.")


def api(member, client):
    secret = create_token(member, by=member, name="t", scope=Scope.WRITE).secret

    def call(method, path, body=None, **headers):
        send = getattr(client, method)
        options = {"HTTP_AUTHORIZATION": f"Bearer {secret}"} | headers
        if method == "get":
            return send(f"/api/v1/{path}", **options)
        return send(f"/api/v1/{path}", body or {}, content_type="application/json", **options)

    return call


# --- pages ------------------------------------------------------------------------------------------------------


def test_a_report_is_made_on_a_page_and_decided_on_another(post, member, moderator, client_as):
    web = client_as(member)
    url = reverse("post_report", args=[post.pk])
    assert post.author.display_name in web.get(url).content.decode()
    assert web.post(url, {"words": "x"}).status_code == 422
    assert web.post(url, {"reason": "advertising", "words": "Twice today"}).status_code == 302
    assert web.post(url, {"reason": "advertising"}).status_code == 409
    case = Case.objects.get()
    desk = client_as(moderator)
    page = desk.get(case.get_absolute_url()).content.decode()
    assert "Twice today" in page
    assert member.display_name in page
    rule = reverse("case_rule", args=[case.pk])
    assert desk.post(rule, {"act": "hide", "version": "1"}).status_code == 422
    assert desk.post(rule, {"act": "hide", "version": "1", "words": "Not here."}).status_code == 302
    late = desk.post(rule, {"act": "keep", "version": "1", "words": "Typed with care."})
    assert late.status_code == 409
    assert "Typed with care." in late.content.decode()
    assert Ruling.objects.count() == 1


def test_stewards_see_no_reporter_and_members_no_queue(post, member, space, client_as):
    steward = make_member()
    name_steward(space, steward, by=None)
    case = reported(post, member)
    page = client_as(steward).get(case.get_absolute_url()).content.decode()
    assert member.display_name not in page
    assert client_as(member).get(reverse("case_list")).status_code == 403


def test_the_queue_costs_the_same_for_two_rows_and_for_twenty(space, moderator, client_as):
    web, counted = client_as(moderator), []
    topic = make_topic(space=space)
    for number in (2, 18):
        for _turn in range(number):
            reported(make_post(topic=topic), make_member())
        with CaptureQueriesContext(connection) as queries:
            assert web.get(reverse("case_list")).status_code == 200
        counted.append(len(queries))
    assert counted[0] == counted[1]


def test_the_queue_says_what_is_oldest_and_overdue_and_is_narrowed(post, member, moderator, client_as):
    case = reported(post, member)
    Case.objects.update(opened_at=timezone.now() - 30 * HOUR, due_at=timezone.now() - 6 * HOUR)
    page = client_as(moderator).get(reverse("case_list")).content.decode()
    assert "Overdue" in page
    assert "1 is overdue" in page
    assert case.title in page
    other = client_as(moderator).get(reverse("case_list") + "?kind=held").content.decode()
    assert case.title not in other


def test_without_moderation_nothing_of_it_is_there(post, member, moderator, administrator, client_as):
    case = reported(post, member)
    switch_module(Module.MODERATION, by=administrator, is_on=False)
    for path in (
        reverse("case_list"),
        case.get_absolute_url(),
        reverse("own_case_list"),
        reverse("post_report", args=[post.pk]),
    ):
        assert client_as(moderator).get(path).status_code == 404
    assert "moderation/figures" not in client_as(moderator).get("/").content.decode()
    with pytest.raises(Refused):
        reported(post, fresh(make_member()))


# --- who is told ------------------------------------------------------------------------------------------------


def test_who_decides_is_told_once_the_author_in_words_and_the_reporter_that_somebody_looked(
    post, member, moderator, manager, space
):
    steward = make_member()
    name_steward(space, steward, by=None)
    case = reported(post, member)
    dispatch_activity()
    told = set(Notice.objects.filter(key="queue").values_list("member", flat=True))
    assert {moderator.pk, manager.pk, steward.pk} <= told
    assert post.author_id not in told
    rule_case(case, RulingAct.RETURN, by=moderator, version=None, terms=WHY)
    dispatch_activity()
    notice = Notice.objects.get(member=post.author, key=f"case:{case.pk}")
    assert notice.reason == NoticeReason.DECIDED
    assert "Please change and send again" in notice.title
    assert notice.url == reverse("own_case_list")
    assert Notice.objects.filter(member=member, key=f"report:{case.pk}").exists()
    assert not Notice.objects.filter(title__contains=member.display_name).exists()


# --- the API ----------------------------------------------------------------------------------------------------


def test_the_api_reports_decides_and_undoes(post, member, moderator, client):
    made = api(member, client)("post", f"posts/{post.pk}/report/", {"reason": "other", "words": "Look"})
    assert made.status_code == 201
    call = api(moderator, client)
    (row,) = call("get", "cases/").json()["results"]
    assert row["acts"][:2] == ["keep", "return"]
    assert row["version"] == 1
    path = f"cases/{row['id']}/"
    assert call("post", path + "take/", {"version": 1}).json()["owner"]["id"] == moderator.pk
    assert call("post", path + "rule/", {"act": "hide", "version": 1, "words": "No."}).status_code == 409
    assert call("post", path + "rule/", {"act": "hide", "version": 2}).status_code == 409
    assert (
        call("post", path + "rule/", {"act": "hide", "version": 2, "words": "No."}).json()["state"]
        == "decided"
    )
    assert call("post", path + "undo/", {"version": 3}).json()["state"] == "open"
    assert api(member, client)("get", "cases/").status_code == 403


def test_the_api_says_what_is_held_and_takes_what_was_returned(space, member, moderator, client):
    settle_quality(space, by=None, rules=ARTICLE_COMMENTS)
    topic = make_topic(space=space, by=moderator)
    call = api(member, client)
    path = f"topics/{topic.pk}/posts/"
    assert call("post", path, {"body": "Good post"}).status_code == 422
    held = call("post", path, {"body": "Good post", "advised": ["too_short"]})
    assert held.status_code == 202
    assert held.json()["rules"] == ["too_short"]
    case = Case.objects.get()
    rule_case(case, RulingAct.RETURN, by=moderator, version=1, terms=WHY)
    (mine,) = call("get", "cases/mine/").json()["results"]
    assert mine["returned_words"] == WHY.words
    sent = call(
        "post", f"cases/{case.pk}/answer/", {"body": "We tried it for a year.", "version": mine["version"]}
    )
    assert sent.json()["state"] == "open"
    assert HeldPost.objects.get().source == "We tried it for a year."


# --- the admin --------------------------------------------------------------------------------------------------


def test_the_admin_decides_several_after_a_confirmation_by_the_same_action(
    space, member, moderator, client_as
):
    topic = make_topic(space=space)
    cases = [reported(make_post(topic=topic), member) for _turn in range(3)]
    web, url = client_as(moderator), reverse("admin:discussions_case_changelist")
    assert web.get(url).status_code == 200
    assert (
        "Take the decision back"
        not in web.get(reverse("admin:discussions_case_change", args=[cases[0].pk])).content.decode()
    )
    chosen = {"action": "hide", "_selected_action": [str(case.pk) for case in cases]}
    asked = web.post(url, chosen)
    assert "nobody reads it" in asked.content.decode()
    assert not Ruling.objects.exists()
    # One of them changes while the words are written.
    reported(Post.objects.get(pk=cases[0].target_id), make_member())
    read = ",".join(f"{case.pk}:1" for case in cases)
    done = web.post(url, chosen | {"confirmed": "yes", "words": "Not here.", "read": read})
    assert "Somebody has changed this case" in done.content.decode()
    assert Ruling.objects.filter(act=RulingAct.HIDE).count() == 2
    assert Post.objects.filter(hidden_at__isnull=False).count() == 2


# --- stewards ---------------------------------------------------------------------------------------------------


def test_a_stand_in_has_the_same_powers_from_a_day_to_a_day(space, member, manager):
    steward, other = make_member(), make_member()
    name_steward(space, steward, by=manager, powers=[StewardPower.QUEUE, StewardPower.PIN])
    steward = fresh(steward)
    soon = timezone.now() + HOUR
    with pytest.raises(Refused):
        name_stand_in(space, other, by=fresh(member), until=soon)
    row = name_stand_in(space, other, by=steward, until=soon, from_at=timezone.now() + HOUR / 2)
    assert not is_steward(fresh(other), space.pk)
    SpaceSteward.objects.filter(pk=row.pk).update(from_at=timezone.now() - HOUR)
    assert is_steward(fresh(other), space.pk, StewardPower.PIN)
    assert not is_steward(fresh(other), space.pk, StewardPower.MOVE)
    name_steward(space, steward, by=manager, powers=[StewardPower.MOVE])
    assert is_steward(fresh(other), space.pk, StewardPower.MOVE)
    with pytest.raises(Conflict):
        propose_steward(space, fresh(other), by=fresh(member))
    end_steward(space, steward, by=manager)
    assert not is_steward(fresh(other), space.pk)


def test_members_propose_and_managers_decide_once(space, member, other_member, manager, client_as):
    web = client_as(member)
    url = reverse("steward_propose", args=[space.slug])
    assert web.post(url, {"who": other_member.handle, "words": "Knows it"}).status_code == 302
    dispatch_activity()
    assert Notice.objects.filter(member=manager, key=f"proposals:{space.pk}").exists()
    proposal = space.steward_proposals.get()
    assert "Knows it" in client_as(manager).get(reverse("space_people", args=[space.slug])).content.decode()
    with pytest.raises(Refused):
        decide_proposal(proposal, by=fresh(member), is_named=True)
    decide_proposal(proposal, by=fresh(manager), is_named=True)
    assert is_steward(fresh(other_member), space.pk)
    with pytest.raises(Conflict):
        decide_proposal(proposal, by=fresh(manager), is_named=True)


def test_a_steward_reads_their_own_figures(post, member, space, client_as):
    steward = make_member()
    name_steward(space, steward, by=None)
    rule_case(reported(post, member), RulingAct.HIDE, by=fresh(steward), version=None, terms=WHY)
    page = client_as(steward).get(reverse("space_figures", args=[space.slug])).content.decode()
    assert "Yours" in page
    assert "100 %" in page
    assert client_as(member).get(reverse("space_figures", args=[space.slug])).status_code == 403


# --- sanctions --------------------------------------------------------------------------------------------------


def test_sanctions_have_grades_ends_and_reasons(member, moderator, manager, space):
    with pytest.raises(Refused):
        warn_member(moderator, by=fresh(member), reason="No.")
    with pytest.raises(Refused):
        warn_member(manager, by=moderator, reason="No.")
    with pytest.raises(Invalid, match="need to know why"):
        warn_member(member, by=moderator, reason=" ")
    for span in (HOUR, 100 * 24 * HOUR):
        with pytest.raises(Invalid, match="24 hours"):
            quiet_member(member, by=moderator, reason="Calm.", until=timezone.now() + span)
    made = quiet_member(member, by=moderator, reason="Calm.", until=timezone.now() + 48 * HOUR)
    with pytest.raises(Conflict, match="already"):
        quiet_member(member, by=manager, reason="Calm.", until=timezone.now() + 48 * HOUR)
    with pytest.raises(Refused):
        make_topic(space=space, by=fresh(member))
    with pytest.raises(Refused):
        lift_sanction(made, by=fresh(member))
    lift_sanction(made, by=manager)
    make_topic(space=space, by=fresh(member))
    assert Activity.objects.filter(verb=Verb.SANCTION_IMPOSED).count() == 1


def test_figures_for_everybody_name_nobody_and_no_small_group(space, member, moderator, client):
    topic = make_topic(space=space)
    for number in range(9):
        reason = ReportReason.OTHER if number < 7 else ReportReason.ADVERTISING
        case = report_post(make_post(topic=topic), by=member, reason=reason).case
        rule_case(
            case, RulingAct.KEEP if number < 8 else RulingAct.HIDE, by=moderator, version=None, terms=WHY
        )
    page = client.get(reverse("moderation_statistics"))
    text = page.content.decode()
    assert page.status_code == 200
    assert "not shown" in text
    assert not any(name in text for name in (member.display_name, moderator.display_name, space.name))
    # 7 shown beside a total of 9 would say 2.
    assert ">7<" not in text
    assert ">8<" not in text


# --- critics ----------------------------------------------------------------------------------------------------


COMPLAINT = "We are disappointed: the export is still broken, and support is unreliable."


@pytest.mark.parametrize(
    ("text", "is_it"),
    [
        (COMPLAINT, True),
        ("The weather was disappointing, and so we stayed in.", False),
        ("How do you cancel an order, and who signs?", False),
        ("Frustrated and fed up: nobody answers.", True),
        ("Our pilot went well.", False),
    ],
)
def test_what_says_disappointment(text, is_it):
    assert says_disappointment(text) is is_it


def test_a_critic_is_heard_by_managers_and_settled_by_an_answer_of_staff(space, member, manager, client_as):
    topic = make_topic(space=space, by=member, title="The export", body=COMPLAINT)
    dispatch_activity()
    assert not Listening.objects.exists()
    first = topic.posts.get(number=1)
    for _turn in range(3):
        react_to_post(first, ReactionKind.ME_TOO, by=make_member())
    assert look_for_critics() == 1
    assert look_for_critics() == 0
    dispatch_activity()
    row = Listening.objects.get()
    assert row.signals == ["words", "agreed"]
    assert row.due_at - row.flagged_at == timedelta(days=2)
    assert Notice.objects.filter(member=manager, key=f"listen:{topic.pk}").exists()
    assert "three people agree" in client_as(manager).get(reverse("listening_list")).content.decode()
    assert reverse("listening_list") not in client_as(member).get(topic.get_absolute_url()).content.decode()
    create_post(topic, by=manager, prose=Prose("We are on it, and this is when.", SourceFormat.MARKDOWN))
    dispatch_activity()
    row.refresh_from_db()
    assert row.settled_by == manager
    with pytest.raises(Conflict):
        settle_listening(row, by=manager)


def test_reported_and_kept_is_listened_to(space, member, moderator):
    topic = make_topic(space=space, by=make_member(), body="Your prices are wrong.")
    case = report_topic(topic, by=member, reason=ReportReason.OTHER).case
    rule_case(case, RulingAct.KEEP, by=moderator, version=None)
    dispatch_activity()
    assert Listening.objects.get().signals == ["reported"]


def test_held_by_mail_its_author_is_told_where_it_waits(space, member):
    settle_quality(space, by=None, rules=ARTICLE_COMMENTS)
    topic = make_topic(space=space)
    send_post(topic, by=member, prose=words("Good post"), idempotency_key="mail-1", advised=["too_short"])
    dispatch_activity()
    assert Notice.objects.get(member=member, key=f"case:{Case.objects.get().pk}").url == reverse(
        "own_case_list"
    )
    assert Case.objects.get().state == CaseState.OPEN


def test_who_is_told_of_an_appeal_decides_it_in_the_queue(post, member, moderator):
    administrator = make_member(role=RoleName.ADMINISTRATOR)
    terms = Terms(words="Calm.", until=timezone.now() + 48 * HOUR)
    rule_case(reported(post, member), RulingAct.SUSPEND, by=moderator, version=None, terms=terms)
    from_page = fresh(post.author)
    assert from_page.is_suspended
    assert not Sanction.objects.exists()
    assert Case.objects.visible_to(administrator).filter(kind=CaseKind.APPEAL).count() == 0
