"""Operators of the search: each narrows, none confirms what the reader may not know, and wrong ones are answered."""

import zipfile
from datetime import timedelta
from io import BytesIO

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.urls import reverse
from django.utils import timezone

from community.core.models import SearchEntry, SearchMiss
from community.core.search import forget_misses, note_miss
from community.core.text import Prose, SourceFormat
from community.search import finding, narrowing
from discussions.actions.attachment import attach_file
from discussions.actions.file_text import read_files
from discussions.actions.message import answer_conversation, start_conversation
from discussions.actions.post import accept_answer, delete_post
from discussions.models import ParticipantState, Topic
from members.actions.tie import block_member
from tests.factories import make_member, make_post, make_space, make_topic
from tests.world import make_world, secret

pytestmark = pytest.mark.django_db

W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'


def page(web, words: str, **more: str):
    response = web.get(reverse("search"), {"q": words, **more})
    assert response.status_code == 200
    return response.context["page"]


def titles(web, words: str, **more: str) -> list[str]:
    return sorted(row.title for row in page(web, words, **more).rows)


def problems(web, words: str) -> tuple[str, ...]:
    return page(web, words).problems


@pytest.fixture
def community(member, other_member):
    """Two spaces, and something of everything in them, all with the word heron."""
    pricing = make_space("Pricing pilots", slug="pricing")
    legal = make_space("Legal", slug="legal")
    asked = make_topic(
        space=pricing, by=member, kind="question", title="Open", body="A heron?", tags=["Birds", "water"]
    )
    answered = make_topic(space=pricing, by=member, kind="question", title="Answered", body="Heron too.")
    accept_answer(make_post(topic=answered, by=other_member, body="Yes, a pike."), by=member)
    linked = make_topic(
        space=legal,
        by=other_member,
        title="Linked",
        body="The heron [there](https://example.org/x).",
        tags=["birds"],
    )
    make_post(topic=linked, by=member, body="A heron replies.")
    return {"asked": asked, "answered": answered, "linked": linked}


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("heron", ["Answered", "Linked", "Linked", "Open"]),
        ("heron in:pricing", ["Answered", "Open"]),
        ('heron in:"pricing pilots"', ["Answered", "Open"]),
        ("heron IN:Pricing in:legal", ["Answered", "Linked", "Linked", "Open"]),
        ("heron tag:birds", ["Linked", "Linked", "Open"]),
        ("heron tag:#Birds tag:water", ["Open"]),
        ("heron tag:none", []),
        ("heron tag:birds kind:topic", ["Linked", "Open"]),
        ("heron tag:birds kind:question is:unanswered", ["Open"]),
        ("heron tag:birds tag:water has:answer", []),
        ("heron tag:none is:unanswered", []),
        ("heron kind:question", ["Answered", "Open"]),
        ("heron kind:reply", ["Linked"]),
        ("heron kind:topic", ["Answered", "Linked", "Open"]),
        ("heron kind:reply kind:question", ["Answered", "Linked", "Open"]),
        ("heron is:unanswered", ["Open"]),
        ("heron is:answered", ["Answered"]),
        ("heron has:answer", ["Answered"]),
        ("heron has:link", ["Linked"]),
        ("heron has:image", []),
        ("heron has:attachment", []),
        ("is:unanswered", ["Open"]),
        ("in:legal kind:topic", ["Linked"]),
        ("heron before:2000", []),
        ("heron after:2000", ["Answered", "Linked", "Linked", "Open"]),
        ("heron -replies kind:reply", []),
        ('"heron replies"', ["Linked"]),
    ],
)
def test_an_operator_narrows(web, community, asked, found):
    assert titles(web, asked) == found
    assert problems(web, asked) == ()


def test_from_one_person_and_from_me(web, community, member, other_member):
    assert titles(web, f"heron from:{other_member.handle}") == ["Linked"]
    assert titles(web, f"heron from:@{other_member.handle} from:me") == [
        "Answered",
        "Linked",
        "Linked",
        "Open",
    ]
    assert len(titles(web, "heron from:me")) == 3


def test_days_are_those_of_the_reader(web, community):
    now = timezone.now()
    SearchEntry.objects.filter(title="Open").update(occurred_at=now - timedelta(days=40))
    day = (now - timedelta(days=20)).date().isoformat()
    assert titles(web, f"heron before:{day}") == ["Open"]
    assert titles(web, f"heron after:{day}") == ["Answered", "Linked", "Linked"]


@pytest.mark.parametrize(
    ("asked", "sentence"),
    [
        ("heron in:nowhere", "There is no space “nowhere” that you can read."),
        ("heron from:nobody-at-all", "Nobody here has the handle “nobody-at-all”."),
        ("heron is:old", "“is:” takes one of these: answered, unanswered."),
        ("heron has:money", "“has:” takes one of these: image, attachment, answer, link."),
        ("heron before:yesterday", "“before:yesterday” is no day: write it as 2026-03-09, 2026-03 or 2026."),
        ("heron kind:bird", "“kind:” takes one of these: topic, reply, file, poll,"),
        ("heron in:", "“in:” needs something behind it, without a space."),
        ("heron -in:legal", "“-in:legal” is left out: a minus works before words only."),
    ],
)
def test_a_wrong_one_is_answered_in_a_sentence_and_the_rest_is_searched(web, community, asked, sentence):
    found = page(web, asked)
    assert len(found.problems) == 1
    assert found.problems[0].startswith(sentence)
    assert len(found.rows) == 4


# --- what one may not know ---


@pytest.mark.parametrize("preset", ["private", "hidden", "experts", "confidential"])
def test_in_does_not_tell_a_closed_space_from_none(web, other_member, preset):
    space = make_space("Secret circle", slug="circle", preset=preset, members=[other_member])
    make_topic(space=space, by=other_member, title="Hidden", body="heron", tags=["hushed"], kind="question")
    for name in ("circle", '"Secret circle"'):
        assert [text.replace(name.strip('"'), "X") for text in problems(web, f"heron in:{name}")] == [
            "There is no space “X” that you can read."
        ]
    for asked in (
        "heron tag:hushed",
        "tag:hushed",
        "heron is:unanswered",
        "is:unanswered",
        f"from:{other_member.handle}",
    ):
        assert titles(web, asked) == []
        assert problems(web, asked) == ()


def test_from_does_not_tell_who_keeps_apart_from_who_is_not_there(web, member, other_member):
    make_topic(by=other_member, title="Theirs", body="heron")
    block_member(member, by=other_member)
    gone = make_member(role="applicant")
    for handle in (other_member.handle, gone.handle, "no-such-person"):
        (sentence,) = problems(web, f"heron from:{handle}")
        assert sentence == f"Nobody here has the handle “{handle}”."


@pytest.mark.parametrize("role", ["member", "moderator", "administrator"])
def test_operators_confirm_no_secret(role):
    """Asked with a hidden value and with nonsense, the page is the same but for the value itself."""
    world = make_world()
    client = world.client(role)
    hidden = ["confidential"] if role == "moderator" else ["private", "hidden", "experts", "confidential"]
    for room in hidden:
        for operator, where in (("in", "slug"), ("in", "name"), ("tag", "tag"), ("has", "body")):
            word = secret(room, where)
            texts = [
                client.get(reverse("search"), {"q": f"{operator}:{value}"})
                .content.decode()
                .replace(value, "")
                for value in (word, "zqnonsenseqz")
            ]
            texts = [text.split("<main", 1)[1].split('id="act"', 1)[0] for text in texts]
            assert texts[0] == texts[1], f"{operator}:{word}"
        for kind in ("topic", "reply", "file", "person", "message", "question"):
            assert page(client, f"{secret(room, 'body')} kind:{kind}").is_empty


# --- inside one topic ---


def test_inside_one_topic(web, community):
    topic = community["linked"]
    assert titles(web, "heron", topic=str(topic.pk)) == ["Linked", "Linked"]
    assert titles(web, "heron from:me", topic=str(topic.pk)) == ["Linked"]
    answer = web.get(reverse("search"), {"q": "heron", "topic": str(topic.pk)}).content.decode()
    assert "Search in this topic" in answer
    assert "<mark>heron</mark>" in answer


def test_a_topic_one_may_not_see_is_searched_as_one_that_is_not_there(web, other_member):
    space = make_space(preset="hidden", members=[other_member])
    topic = make_topic(space=space, by=other_member, title="Hidden", body="heron")
    for number in (topic.pk, 2_000_000_000):
        found = page(web, "heron", topic=str(number))
        assert (found.rows, found.topic_title) == ([], "")


# --- people, messages, files ---


def test_people_come_from_their_directory(web, member, other_member):
    anna = make_member("Anna Heron")
    assert [row.display_name for row in page(web, "heron kind:person").people] == ["Anna Heron"]
    block_member(member, by=anna)
    assert page(web, "heron kind:person").people == []
    assert page(web, "heron").people == []


def test_messages_are_one_s_own(web, client_as, member, other_member):
    conversation = start_conversation(
        [other_member], by=member, prose=_prose("A heron in the mail.")
    ).conversation
    answer_conversation(conversation, state=ParticipantState.JOINED, by=other_member)
    assert len(page(web, "heron kind:message").messages) == 1
    assert len(page(client_as(other_member), "heron kind:message").messages) == 1
    for role in ("moderator", "manager", "administrator"):
        assert page(client_as(make_member(role=role)), "heron kind:message").messages == []
    assert page(web, "heron").rows == []


def _prose(words: str) -> Prose:
    return Prose(words, SourceFormat.MARKDOWN)


def document(words: str) -> bytes:
    target = BytesIO()
    with zipfile.ZipFile(target, "w") as package:
        package.writestr("[Content_Types].xml", "<Types/>")
        package.writestr("word/document.xml", f"<w:document {W}><w:p><w:t>{words}</w:t></w:p></w:document>")
    return target.getvalue()


def post_with_file(member, space, words: str):
    file = attach_file(SimpleUploadedFile("terms.docx", document(words)), by=member)
    topic = make_topic(
        space=space, by=member, title="With a file", body=f"See [terms]({file.get_absolute_url()})."
    )
    read_files()
    return topic


def test_words_inside_files_are_found(web, member, other_member):
    topic = post_with_file(member, make_space(), "The kingfisher clause.")
    (row,) = page(web, "kingfisher").rows
    assert (row.title, row.kind_label) == ("terms.docx", "File")
    assert row.url == topic.get_post_url(1)
    assert "<mark>kingfisher</mark>" in row.snippet
    assert titles(web, "terms has:attachment kind:topic") == ["With a file"]
    assert titles(web, "kingfisher", topic=str(topic.pk)) == ["terms.docx"]


def test_words_inside_files_of_a_closed_room_are_not(web, client_as, other_member):
    post_with_file(
        other_member, make_space(preset="private", members=[other_member]), "The kingfisher clause."
    )
    assert page(web, "kingfisher").rows == []
    assert len(page(client_as(other_member), "kingfisher").rows) == 1


def test_a_file_goes_with_its_post(web, member):
    topic = make_topic(by=member)
    file = attach_file(SimpleUploadedFile("terms.docx", document("kingfisher")), by=member)
    post = make_post(topic=topic, by=member, body=f"[terms]({file.get_absolute_url()})")
    read_files()
    assert len(page(web, "kingfisher").rows) == 1
    delete_post(post, by=member)
    assert page(web, "kingfisher").rows == []


# --- languages ---


def test_each_text_is_stemmed_in_its_own_language(web):
    make_topic(
        title="Verträge",
        body="Wir haben die Verträge mit den Kunden neu verhandelt, und das ist nicht einfach.",
    )
    make_topic(title="Contracts", body="We negotiated the contracts with our customers, and it was not easy.")
    assert set(SearchEntry.objects.values_list("language", flat=True)) == {"german", "english"}
    assert titles(web, "vertrag") == ["Verträge"]
    assert titles(web, "kunde verhandeln") == ["Verträge"]
    assert titles(web, "contract negotiation") == ["Contracts"]


# --- while typing ---


def suggested(web, typed: str) -> list[str]:
    response = web.get(reverse("search_suggest"), {"q": typed})
    assert response.status_code == 200
    return [f"{one.note} {one.label}" for one in response.context["suggestions"]]


def test_suggestions_name_topics_people_and_tags(web, community):
    make_member("Opal Reed")
    assert suggested(web, "op") == ["Topic Open", "Person Opal Reed"]
    assert suggested(web, "bir") == ["Tag Birds"]
    assert suggested(web, "o") == []
    assert suggested(web, "in:pri") == []


def test_people_are_suggested_by_the_beginnings_of_their_names_alone(web):
    make_member("Anna-Lena Brügge")
    assert suggested(web, "len") == suggested(web, "bru len") == ["Person Anna-Lena Brügge"]
    assert suggested(web, "nna") == suggested(web, "len none") == []


def test_suggestions_name_nothing_hidden(web, member, other_member):
    space = make_space(preset="private", members=[other_member])
    make_topic(space=space, by=other_member, title="Quiet matter", body="x", tags=["quiet"])
    quinn = make_member("Quiet Quinn")
    assert suggested(web, "quiet") == ["Person Quiet Quinn"]
    block_member(member, by=quinn)
    assert suggested(web, "quiet") == []


@pytest.mark.parametrize(
    "typed", ["%", "__", "\\\\", "a%b", "'; --", "::", "&|!", "的的", "ﷺﷺ", "x" * 150, "\u202eabc"]
)
def test_suggestions_take_anything(web, typed):
    suggested(web, typed)


# --- hostile words and bounds ---


HOSTILE = [
    "in:%", 'in:"', "from:'", "tag:\\", "tag:%s", "tag:{x}", "before:''", "after:1e9", "kind:%(spaces)s", "has:'--",
    'tag:"a" "', "in:a in:b in:c tag:1 tag:2 tag:3 tag:4 tag:5 tag:6 tag:7 tag:8 tag:9 tag:10",
    "is:answered " * 20,
    "before:0001 after:9998", "before:9999-12-31", "from:me from:@me from:", "%(words)s heron", "{hits} heron",
]  # fmt: skip


@pytest.mark.parametrize("words", HOSTILE)
def test_any_operator_is_taken(web, community, words):
    page(web, words)
    page(web, f"{words} heron", topic=str(community["linked"].pk))


@pytest.mark.parametrize("number", ["0", "x", "-1", "99999999999999999999"])
def test_any_topic_and_page_number_is_taken(web, number):
    page(web, "heron", topic=number)
    page(web, "heron", page=number)


def test_what_takes_too_long_is_looked_for_among_the_newest(web, community, monkeypatch):
    monkeypatch.setattr(finding, "PATIENCE", 1)
    slow = "TRUE AND (SELECT count(*) FROM generate_series(1, 3000000)) > 0"
    monkeypatch.setitem(narrowing._STATES, ("is", "unanswered"), slow)
    found = page(web, "heron is:unanswered")
    assert found.rows == []
    assert found.problems == (
        "This would take long, so only the newest were looked through. Add a word or an operator.",
    )
    assert Topic.objects.exists(), "the connection is as it was"


NARROWED = (
    "heron", "heron in:legal", "heron before:2999", "heron before:2024", "before:2024", "heron before:2023-03-02",
    "heron after:2023", "heron after:2023-03-02 before:2024", "before:2022 heron", "heron after:2999",
    "heron before:2024 before:2023-03-02", "heron after:2023-03-02 after:2020", "has:link", "heron has:link",
    "heron has:link before:2999", "heron has:image", "heron has:link has:image", "heron has:answer", "pike has:link",
    "heron kind:question", "heron is:answered", "heron is:unanswered kind:topic", "heron kind:question kind:reply",
    "heron kind:question before:2024", "tag:birds heron", "kind:reply", "heron tag:birds kind:topic",
    "heron tag:birds kind:question is:unanswered", "tag:birds is:answered", "heron tag:birds tag:pricing kind:topic",
)  # fmt: skip


def test_ages_and_shortcuts_change_nothing_of_what_is_found(web, community, monkeypatch):
    """Windows of a few entries instead of thousands, and every content too frequent to begin at."""
    for number, year in enumerate((2024, 2022, 2023, 2021)):
        topic = make_topic(
            space=community["asked"].space,
            title=f"Moved here {year}",
            body=f"A heron of {year}, {'x' * number}.",
        )
        # What an import brings: a high id, and a time of its own.
        SearchEntry.objects.filter(title=topic.title).update(
            occurred_at=timezone.now().replace(year=year, month=3, day=1)
        )
    usual = {words: titles(web, words) for words in NARROWED}
    assert usual["heron before:2023-03-02"] == ["Moved here 2021", "Moved here 2022", "Moved here 2023"]
    assert usual["heron before:2024 before:2023-03-02"] == usual["heron before:2023-03-02"]
    assert usual["heron after:2023-03-02 before:2024"] == []
    assert usual["heron after:2999"] == []
    assert usual["heron has:link"] == ["Linked"]
    assert usual["heron has:image"] == []
    monkeypatch.setattr(finding, "FEW_NAMED", 1)
    assert {words: titles(web, words) for words in NARROWED} == usual
    for ages in ((1, 2, 3), (2, 4, 6), (1, 100, 200)):
        edges = [f"%(top)s - {age}" for age in ages]
        monkeypatch.setattr(finding, "_EDGES", edges)
        times = ", ".join(
            "(SELECT occurred_at FROM core_searchentry AS entry"
            f" WHERE id <= newest.id - {age} ORDER BY id DESC LIMIT 1)"
            for age in ages
        )
        monkeypatch.setattr(finding, "_TIMES", times)
        assert {words: titles(web, words) for words in NARROWED} == usual


@pytest.mark.parametrize("content", ["image", "link"])
def test_contents_are_found_by_an_index(content):
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute(f"EXPLAIN {narrowing.HOLDERS[content]}", {"limit": 9})
        plan = "\n".join(line for (line,) in cursor.fetchall())
    assert {"image": "post_with_picture", "link": "post_with_link"}[content] in plan


@pytest.mark.parametrize(
    "words", ["heron", "heron in:pricing is:unanswered tag:birds from:me", "kind:question"]
)
def test_the_page_costs_few_queries(web, community, django_assert_max_num_queries, words):
    web.get(reverse("search"), {"q": words})
    with django_assert_max_num_queries(12):
        web.get(reverse("search"), {"q": words})


# --- chips and misses ---


def test_chips_narrow_and_are_taken_away(web, community):
    chips = {chip.label: chip.url for chip in page(web, "heron in:legal").chips}
    assert web.get(chips["in:legal"]).context["q"] == "heron"
    assert web.get(chips["Replies"]).context["q"] == "in:legal kind:reply heron"


def test_what_nobody_found_is_counted_without_who_it_was(web, client_as, community):
    for _once in range(2):
        page(web, "Cormorant")
    page(web, "heron")
    page(web, "cormorant in:legal")
    page(web, "cormorant", page="2")
    miss = SearchMiss.objects.get()
    assert (miss.words, miss.count) == ("cormorant", 2)
    assert {field.name for field in SearchMiss._meta.get_fields()} == {"id", "words", "day", "count"}
    shown = client_as(make_member(role="manager")).get("/admin/core/searchmiss/").content.decode()
    assert "cormorant" in shown
    assert client_as(make_member(role="moderator")).get("/admin/core/searchmiss/").status_code == 403


def test_misses_are_forgotten_after_a_year():
    note_miss("old")
    SearchMiss.objects.update(day=timezone.now().date() - timedelta(days=401))
    note_miss("new")
    assert forget_misses() == 1
    assert SearchMiss.objects.get().words == "new"


# --- the API ---


def test_the_api_finds_what_the_page_finds(web, client_as, community, other_member):
    found = web.get("/api/v1/search/", {"q": "heron is:unanswered in:nowhere"}).json()
    assert [(row["kind"], row["title"], row["text"]) for row in found["results"]] == [
        ("topic", "Open", "A heron?")
    ]
    assert (found["has_more"], len(found["problems"])) == (False, 1)
    assert web.get("/api/v1/search/").status_code == 400
    assert web.get("/api/v1/search/", {"q": "heron", "page": "21"}).status_code == 400
    space = make_space(preset="private", members=[other_member])
    make_topic(space=space, by=other_member, title="Hidden", body="cormorant")
    assert web.get("/api/v1/search/", {"q": "cormorant"}).json()["results"] == []
    assert len(client_as(other_member).get("/api/v1/search/", {"q": "cormorant"}).json()["results"]) == 1
