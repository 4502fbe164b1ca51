"""The quality rules of a space: a table of texts, properties of the pure functions, and what sending does with them."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from community.core.errors import Conflict, Invalid
from community.core.models import Activity, SearchEntry
from community.core.text import Prose, SourceFormat, render
from community.core.verbs import Verb
from discussions.actions.ask_session import ask_question, settle_session
from discussions.actions.moderation import Terms, answer_case, rule_case, undo_ruling
from discussions.actions.post import create_post
from discussions.actions.steward import settle_quality
from discussions.actions.submission import Coached, change_post, send_post, send_topic
from discussions.figures import suppressed, total_shown
from discussions.models import Case, CaseKind, HeldPost, Post, RulingAct, SpaceRules, Topic, TopicKind
from discussions.quality import (
    ARTICLE_COMMENTS,
    Outcome,
    QualityRules,
    Rule,
    explained,
    judge,
    read_written,
    same_text,
    shares,
)
from members.models import Employment
from tests.factories import make_member, make_organisation, make_space, make_topic

EVERY = QualityRules(**{rule.value: Outcome.COACH for rule in Rule})
LONG = "We tried this for a quarter with two teams, and the second one needed a week less."


def rules_of(text, *, rules=EVERY, is_reply=True, own=(), earlier=()):
    html = render(text, SourceFormat.MARKDOWN).html
    return judge(read_written(html, own_domains=own, earlier=earlier), rules, is_reply=is_reply).rules


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Good post!", ["too_short"]),
        ("Great article, thanks for sharing this with us.", ["too_short"]),
        ("+1", ["too_short"]),
        ("I totally agree", ["too_short"]),
        ("👍", ["too_short"]),
        ("> A long quotation of what somebody else has said before\n\nExactly this.", ["too_short"]),
        ("Which yeast was it?", []),
        ("18 °C worked.", []),
        ("See https://example.org/how", []),
        ("Great post, but our second team needed twice the time, mostly for the contracts.", []),
        (LONG, []),
        (f"{LONG} https://a.example/1 https://b.example/2", ["links"]),
        (f"{LONG} https://a.example/1 https://a.example/1", []),
        (f"> https://a.example/1 https://b.example/2\n\n{LONG}", []),
        (f"{LONG} https://own.example/offer", ["own_company"]),
        (f"{LONG} https://blog.own.example/offer", ["own_company"]),
        (f"{LONG} https://disown.example/offer", []),
        ("Check out our platform and book a demo today, special discount for members.", ["promotion"]),
        ("We offer a free trial of our solution. Contact us at sales for a quote.", ["promotion"]),
        ("Our customers told us that it is the price, and so we offer fewer plans now. " + LONG * 3, []),
        ("WHY DOES NOBODY ANSWER THIS QUESTION HERE FOR WEEKS", ["shouting"]),
        ("The SLA, NDA, RFP and MSA went to legal and came back after a week.", []),
        ("LOUD. " + LONG, []),
    ],
)
def test_the_rules_on_texts(text, found):
    assert rules_of(text, own=["own.example"]) == found


def test_the_same_words_again_whatever_their_dress():
    assert rules_of(LONG.upper().lower() + "!!", earlier=[LONG]) == ["repeated"]
    assert rules_of("Thanks, noted?", earlier=["Thanks, noted?"]) == []


def test_the_first_post_of_a_topic_may_be_short():
    assert rules_of("Good post", is_reply=False) == []


@given(st.text(max_size=400))
def test_whatever_is_written_is_judged_and_never_without_a_sentence(text):
    verdict = judge(read_written(render(text, SourceFormat.MARKDOWN).html), EVERY)
    assert all(finding.sentence and finding.outcome == Outcome.COACH for finding in verdict.findings)
    assert len(verdict.rules) == len(set(verdict.rules))


@given(st.text(max_size=400), st.sampled_from(list(Outcome)))
def test_a_rule_that_is_off_says_nothing_and_the_outcome_is_what_was_settled(text, outcome):
    written = read_written(render(text, SourceFormat.MARKDOWN).html)
    rules = QualityRules(**{rule.value: outcome for rule in Rule})
    verdict = judge(written, rules)
    assert verdict.outcome in {Outcome.OFF, outcome}
    assert judge(written, QualityRules()).findings == ()


@given(st.lists(st.text(alphabet="abc ", min_size=1, max_size=9), max_size=30))
def test_more_words_never_make_a_text_too_short(words):
    few = "too_short" in rules_of(" ".join(words))
    assert few or "too_short" not in rules_of(" ".join([*words, "sincerely measured value"]))


@given(st.text(max_size=100))
def test_what_makes_two_texts_the_same_is_stable(text):
    assert same_text(same_text(text)) == same_text(text)


@given(st.dictionaries(st.sampled_from("abcdefgh"), st.integers(0, 60)))
def test_no_small_group_is_shown_and_none_can_be_reckoned(counts):
    shown = suppressed(counts)
    assert all(count is None or count == 0 or count >= 5 for count in shown.values())
    hidden = [name for name, count in shown.items() if count is None]
    total = total_shown(counts)
    if total is not None and hidden:
        assert len(hidden) > 1
        assert sum(counts[name] for name in hidden) >= 5


def test_shares_are_counted_by_rule():
    verdicts = [
        judge(read_written("Good post"), ARTICLE_COMMENTS),
        judge(read_written(LONG), ARTICLE_COMMENTS),
    ]
    assert shares(verdicts)["too_short"] == (1, 1, 0)
    assert shares(verdicts)["any"] == (1, 1, 0)


def test_the_preset_is_explained_in_sentences():
    assert any("At most 1 link" in line and "moderator" in line for line in explained(ARTICLE_COMMENTS))


# --- sending ----------------------------------------------------------------------------------------------------


def words(text):
    return Prose(text, SourceFormat.MARKDOWN)


@pytest.fixture
def space(db):
    space = make_space("Comments on articles")
    settle_quality(space, by=None, rules=ARTICLE_COMMENTS)
    return space


@pytest.fixture
def topic(space):
    return make_topic(space=space, by=make_member("Ada Author"))


def test_coached_first_then_held_with_the_reason_and_out_of_sight(topic, member, client_as):
    with pytest.raises(Coached) as error:
        send_post(topic, by=member, prose=words("Good post"), idempotency_key="one")
    assert "Thanks" in error.value.sentence
    assert "moderator" in error.value.sentence
    held = send_post(topic, by=member, prose=words("Good post"), idempotency_key="one", advised=["too_short"])
    assert isinstance(held, HeldPost)
    again = send_post(
        topic, by=member, prose=words("Good post"), idempotency_key="one", advised=["too_short"]
    )
    assert again == held
    assert Case.objects.count() == 1
    case = Case.objects.get()
    assert (case.kind, case.reason, case.rules) == (CaseKind.HELD, "rules", ["too_short"])
    topic.refresh_from_db()
    assert (topic.post_count, topic.highest_number, topic.people_count) == (1, 1, 1)
    assert not Activity.objects.filter(verb=Verb.POST_CREATED).exists()
    assert not SearchEntry.objects.filter(text__contains="Good post").exists()
    assert "Good post" not in client_as(make_member()).get(topic.get_absolute_url()).content.decode()
    assert "Good post" in client_as(member).get(reverse("own_case_list")).content.decode()


def test_kept_it_takes_the_next_number_and_its_author_and_undone_it_is_away_again(topic, member, moderator):
    send_post(topic, by=member, prose=words("Good post"), advised=["too_short"])
    create_post(topic, by=make_member(), prose=words(LONG))
    case = rule_case(Case.objects.get(), RulingAct.KEEP, by=moderator, version=1)
    post = Post.objects.get(topic=topic, author=member)
    assert post.number == 3
    assert Activity.objects.filter(verb=Verb.POST_CREATED, actor_id=member.pk).exists()
    case = undo_ruling(case, by=moderator, version=None)
    post.refresh_from_db()
    assert post.hidden_at
    assert (case.kind, case.target_id) == (CaseKind.POST, post.pk)
    rule_case(case, RulingAct.KEEP, by=moderator, version=None)
    post.refresh_from_db()
    assert post.deleted_at is None


def test_returned_held_words_are_changed_and_posted(topic, member, moderator):
    send_post(topic, by=member, prose=words("Good post"), advised=["too_short"])
    terms = Terms(words="Say what helped.")
    case = rule_case(Case.objects.get(), RulingAct.RETURN, by=moderator, version=1, terms=terms)
    case = answer_case(case, by=member, prose=words(LONG), version=case.version)
    assert case.rules == []
    rule_case(case, RulingAct.KEEP, by=moderator, version=None)
    assert Post.objects.get(topic=topic, author=member).source == LONG


def test_a_held_topic_is_started_by_its_author_when_it_is_kept(space, member, moderator):
    text = "Check out our platform and book a demo today."
    held = send_topic(
        space,
        by=member,
        kind=TopicKind.DISCUSSION,
        title="News",
        prose=words(text),
        tags=["tools"],
        advised=["promotion"],
    )
    assert isinstance(held, HeldPost)
    assert not Topic.objects.filter(title="News").exists()
    rule_case(Case.objects.get(), RulingAct.KEEP, by=moderator, version=1)
    topic = Topic.objects.get(title="News")
    assert topic.author == member
    assert list(topic.tags.names()) == ["tools"]


def test_what_is_refused_is_refused_however_often(space, topic, member):
    settle_quality(space, by=None, rules=QualityRules(too_short=Outcome.REFUSE))
    with pytest.raises(Invalid):
        send_post(topic, by=member, prose=words("Good post"), advised=["too_short"])
    assert not HeldPost.objects.exists()


def test_who_moderates_there_is_not_judged_and_a_clean_text_is_posted(topic, member, moderator):
    assert isinstance(send_post(topic, by=moderator, prose=words("Good post")), Post)
    assert isinstance(send_post(topic, by=member, prose=words(LONG)), Post)


def test_the_own_company_is_known_by_its_domains(topic, member):
    company = make_organisation("Own")
    company.domains.create(domain="own.example")
    Employment.objects.create(member=member, organisation=company, from_date="2024-01-01")
    with pytest.raises(Coached, match=r"own\.example belongs to your own company"):
        send_post(topic, by=member, prose=words(f"{LONG} https://own.example/x"))


def test_an_edit_does_not_slip_in_what_would_be_held(topic, member):
    post = send_post(topic, by=member, prose=words(LONG))
    pushed = words(f"{LONG} https://a.example/1 https://b.example/2")
    with pytest.raises(Invalid, match="links to 2 places"):
        change_post(post, by=member, prose=pushed, version=1)
    change_post(post, by=member, prose=words(LONG + " Twice."), version=1)


def test_the_form_explains_keeps_the_words_and_offers_to_send_them(topic, member, client_as):
    web = client_as(member)
    url = reverse("post_create", args=[topic.pk])
    page = web.post(url, {"body": "Good post", "body_format": "markdown", "idempotency_key": "k1"})
    text = page.content.decode()
    assert page.status_code == 422
    assert "Good post" in text
    assert 'name="advised" value="too_short"' in text
    sent = web.post(
        url, {"body": "Good post", "body_format": "markdown", "idempotency_key": "k1", "advised": "too_short"}
    )
    assert sent.status_code == 302
    assert sent.url == reverse("own_case_list")
    assert HeldPost.objects.count() == 1


def test_the_rules_are_settled_tried_first_and_said_beside_the_composer(space, manager, client_as, member):
    topic = make_topic(space=space, by=member)
    create_post(topic, by=member, prose=words("Good post"))
    web = client_as(manager)
    url = reverse("space_rules", args=[space.slug])
    form = {rule.value: "hold" for rule in Rule} | {"least_words": "8", "most_links": "2"}
    tried = web.post(url, form | {"try": "yes", "text": "+1"}).content.decode()
    assert "Good post" in tried
    assert "This is kind and brief" in tried
    assert SpaceRules.objects.get(space=space).least_words == 3
    assert web.post(url, form).status_code == 302
    assert SpaceRules.objects.get(space=space).least_words == 8
    beside = client_as(member).get(reverse("topic_create") + f"?space={space.slug}").content.decode()
    assert "At most 2 links to other sites." in beside
    assert client_as(member).get(url).status_code == 403


def test_a_question_to_a_session_cannot_wait_and_is_refused_with_the_sentence(space, member, moderator):
    topic = make_topic(space=space, by=moderator, kind="session")
    now = timezone.now()
    hours = {"opens_at": now, "starts_at": now + timedelta(hours=1), "ends_at": now + timedelta(hours=2)}
    session = settle_session(topic, by=moderator, hosts=[moderator], **hours)
    with pytest.raises(Invalid, match="links to 2 places"):
        ask_question(session, by=member, prose=words(f"{LONG} https://a.example/1 https://b.example/2"))
    ask_question(session, by=member, prose=words("Why?"))


def test_a_post_is_released_once(topic, member, moderator):
    send_post(topic, by=member, prose=words("Good post"), advised=["too_short"])
    rule_case(Case.objects.get(), RulingAct.KEEP, by=moderator, version=1)
    with pytest.raises(Conflict):
        rule_case(Case.objects.get(), RulingAct.KEEP, by=moderator, version=None)
