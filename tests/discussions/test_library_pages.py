"""The pages of the library and its JSON: what each reader sees, who is named, and what is refused."""

from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from community.core.models import Module
from community.core.search import note_miss
from community.core.text import Prose, SourceFormat
from community.search.page import search_page
from discussions.actions.collection import add_to_collection, create_collection
from discussions.actions.contribution import answer_consent, ask_contributors, make_resource
from discussions.actions.resource import (
    ResourceWords,
    create_resource,
    edit_resource,
    note_reader,
    publish_resource,
    say_outcome,
    submit_resource,
)
from discussions.actions.steward import name_steward
from discussions.models import (
    Attachment,
    Collection,
    Consent,
    Outcome,
    Part,
    Resource,
    ResourceKind,
    ResourceReader,
    ResourceState,
    SpacePreset,
    Topic,
)
from members.actions.module import switch_module
from members.models import Member
from tests.api import Program
from tests.factories import make_member, make_organisation, make_post, make_space, make_topic

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _own_storage(settings, tmp_path) -> None:
    own = settings.STORAGES["default"] | {"OPTIONS": {"location": tmp_path}}
    settings.STORAGES = settings.STORAGES | {"default": own}


def words(title="Pilots", **values):
    prose = Prose("What we know about pilots.", SourceFormat.MARKDOWN)
    return ResourceWords(**({"kind": ResourceKind.ARTICLE, "title": title, "prose": prose} | values))


@pytest.fixture
def space():
    return make_space("Pricing", slug="pricing")


@pytest.fixture
def guardian(space):
    member = make_member("Greta Guardian")
    name_steward(space, member, by=None)
    return member


@pytest.fixture
def published(space, guardian, other_member):
    return publish_resource(create_resource(space, by=other_member, words=words()), by=guardian)


@pytest.fixture
def thread(space):
    asker, answerer = make_member("Ann Asker"), make_member("Bo Answerer")
    topic = make_topic(
        space=space, by=asker, kind="question", title="How long are pilots?", body="Six weeks?"
    )
    answer = make_post(topic=topic, by=answerer, body="Eight, as zqlongqz showed.")
    return {
        "topic": topic,
        "posts": [topic.posts.get(number=1), answer],
        "asker": asker,
        "answerer": answerer,
    }


def text_of(client, address):
    answer = client.get(address)
    assert answer.status_code == 200, answer.status_code
    return answer.content.decode()


def test_a_draft_is_begun_on_a_page_and_handed_in(web, member, space):
    answer = web.post(
        reverse("resource_create"),
        {
            "space": "pricing",
            "kind": "guide",
            "title": "Pilots",
            "body": "Eight **weeks**.",
            "summary": "Short.",
        },
    )
    resource = Resource.objects.get()
    assert answer["Location"] == resource.get_absolute_url()
    assert (resource.owner, resource.kind, resource.summary) == (member, "guide", "Short.")
    page = text_of(web, resource.get_absolute_url())
    assert "<strong>weeks</strong>" in page
    assert "Draft" in page
    assert "Pilots" in text_of(web, reverse("library_desk"))
    web.post(reverse("resource_submit", args=[resource.pk]))
    resource.refresh_from_db()
    assert resource.state == ResourceState.IN_REVIEW


def test_what_cannot_be_taken_comes_back_with_everything_typed(web, space):
    sent = {
        "space": "pricing",
        "kind": "link",
        "title": "Kept title",
        "body": "Kept words",
        "link": "nowhere",
    }
    answer = web.post(reverse("resource_create"), sent)
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "This is no address of a page" in page
    assert "Kept title" in page
    assert "Kept words" in page


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("a.pdf", b"<html><script>alert(1)</script></html>", "not what its ending .pdf says"),
        ("a.svg", b"<svg onload='alert(1)'/>", "kind are not taken"),
        ("a.docx", b"PK\x03\x04 nothing", "not what its ending .docx says"),
        ("a.exe", b"MZ", "kind are not taken"),
    ],
)
def test_a_file_that_lies_or_runs_is_refused_in_words_and_the_text_is_kept(
    web, space, name, content, sentence
):
    sent = {"draft_key": "resource:new", "title": "Kept title", "body": "Kept words"}
    answer = web.post(
        reverse("attachment_create"), sent | {"file": SimpleUploadedFile(name, content)}, follow=True
    )
    page = answer.content.decode()
    assert answer.redirect_chain[-1][0] == reverse("resource_create")
    assert sentence in page
    assert "Kept words" in page
    assert "Kept title" in page
    assert not Attachment.objects.exists()


def test_a_file_is_only_ever_downloaded_and_counts_as_one(web, member, guardian, space):
    """A PDF with script is somebody's document: it is never shown inside the site, and nothing of it runs here."""
    owner = make_member()
    upload = SimpleUploadedFile("plan.pdf", b"%PDF-1.7 /JS (app.alert(1))")
    from_owner = Program(owner)
    row = from_owner.post(
        "attachments/", {"file_name": "plan.pdf", "content": "JVBERi0xLjcgL0pTIChhcHAuYWxlcnQoMSkp"}
    ).json()
    assert upload.name == row["file_name"]
    file = Attachment.objects.get(pk=row["id"])
    body = Prose(f"[plan]({file.get_absolute_url()})", SourceFormat.MARKDOWN)
    resource = publish_resource(create_resource(space, by=owner, words=words(prose=body)), by=guardian)
    answer = web.get(file.get_absolute_url())
    assert answer["Content-Disposition"] == 'attachment; filename="plan.pdf"'
    assert answer["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert ResourceReader.objects.get(resource=resource, member=member).downloaded_at is not None
    assert "plan.pdf" in text_of(web, resource.get_absolute_url())


def test_a_thread_and_its_resources_lead_to_each_other(web, published, member):
    topic = Topic.objects.get()
    assert published.get_absolute_url() in text_of(web, reverse("topic_resources", args=[topic.pk]))
    assert f"{topic.get_absolute_url()}resources/" in text_of(web, topic.get_absolute_url())
    assert topic.get_absolute_url() in text_of(web, published.get_absolute_url())


def test_a_thread_fetches_its_resources_only_where_the_reader_may_see_one(web, published):
    thread = Topic.objects.get().get_absolute_url()
    fetches = f'hx-get="{thread}resources/"'
    assert fetches in web.get(thread).text
    Resource.objects.update(space=make_space(preset=SpacePreset.HIDDEN))
    answer = web.get(thread).text
    assert fetches not in answer
    assert f'href="{thread}resources/"' in answer
    Resource.objects.update(space=Topic.objects.get().space, retired_at=timezone.now(), retire_reason="Old.")
    assert fetches not in web.get(thread).text


def test_posts_become_passages_on_a_page(client_as, member, thread):
    web, (first, answer) = client_as(member), thread["posts"]
    address = reverse("resource_make", args=[thread["topic"].pk])
    assert "Bo Answerer" in text_of(web, address)
    refused = web.post(address, {"kind": "article", "title": "Pilots"})
    assert refused.status_code == 422
    assert "Choose at least one post" in refused.content.decode()
    sent = {
        "kind": "article",
        "title": "Pilots",
        "posts": [first.pk, answer.pk],
        f"part_{answer.pk}": "challenged",
    }
    answered = web.post(address, sent)
    assert answered.status_code == 302, answered.content.decode()
    resource = Resource.objects.get()
    assert list(resource.passages.values_list("part", flat=True)) == [Part.ASKED, Part.CHALLENGED]
    web.post(
        address, {"into": str(resource.pk), "kind": "article", "posts": [make_post(topic=thread["topic"]).pk]}
    )
    assert resource.passages.count() == 3


def test_nobody_is_named_but_who_said_yes(client_as, member, thread, guardian, other_member):
    """Page, history, export, JSON, search: the asker says yes, the answerer goes nameless."""
    resource = make_resource(thread["posts"], by=member, kind=ResourceKind.ARTICLE, title="Pilots")
    ask_contributors(resource, by=member)
    address = resource.get_absolute_url()
    # The maker knows whom they wait for; those who look after the space know how many.
    assert "Bo Answerer has until" in text_of(client_as(member), address)
    draft = text_of(client_as(guardian), address)
    assert "2 contributors have not answered." in draft
    assert "Bo Answerer" not in draft
    answer_consent(resource, by=thread["asker"], choice=Consent.APPROVED)
    answer_consent(resource, by=thread["answerer"], choice=Consent.NAMELESS)
    resource.refresh_from_db()
    said = words(prose=None, is_undisputed=True)
    resource = edit_resource(resource, by=member, words=said, version=resource.version)
    resource = publish_resource(resource, by=guardian)
    edit_resource(resource, by=member, words=said, version=resource.version, note="Again.")
    for reader in (other_member, guardian, member):
        web = client_as(reader)
        page = text_of(web, address)
        assert "zqlongqz" in page
        assert "Ann Asker" in page
        assert "1 more goes without name" in page
        everything = page + "".join(text_of(web, f"{address}{part}/") for part in ("history", "export"))
        everything += Program(reader).get(f"resources/{resource.pk}/").content.decode()
        everything += "".join(
            row.text + row.author_name for row in search_page(reader, "zqlongqz kind:resource", page=1).rows
        )
        assert "Bo Answerer" not in everything
        assert reverse("post_show", args=[thread["posts"][1].pk]) not in everything
        assert reverse("post_show", args=[thread["posts"][0].pk]) in everything
    # They themselves come back to their own words.
    assert reverse("post_show", args=[thread["posts"][1].pk]) in text_of(
        client_as(thread["answerer"]), f"{address}consent/"
    )


def test_a_contributor_answers_on_a_page(client_as, member, thread):
    resource = make_resource(thread["posts"], by=member, kind=ResourceKind.ARTICLE, title="Pilots")
    ask_contributors(resource, by=member)
    web, address = client_as(thread["answerer"]), f"{resource.get_absolute_url()}consent/"
    page = text_of(web, address)
    assert "zqlongqz" in page
    assert "You have until" in page
    passage = resource.passages.get(post=thread["posts"][1])
    assert web.post(address, {f"words_{passage.pk}": "Nine."}).status_code == 422
    web.post(address, {"choice": "approved", f"words_{passage.pk}": "Nine weeks."})
    passage.refresh_from_db()
    assert passage.source == "Nine weeks."
    web.post(address, {"choice": "refused"})
    assert not resource.passages.filter(pk=passage.pk).exists()
    assert web.get(address).status_code == 404
    assert client_as(make_member()).get(address).status_code == 404


def test_the_page_says_that_the_thread_has_moved_on(web, member, thread, guardian):
    resource = make_resource([thread["posts"][0]], by=member, kind=ResourceKind.ARTICLE, title="Pilots")
    ask_contributors(resource, by=member)
    answer_consent(resource, by=thread["asker"], choice=Consent.APPROVED)
    Resource.objects.update(is_undisputed=True)
    resource = publish_resource(resource, by=guardian)
    assert "moved on" not in text_of(web, resource.get_absolute_url())
    make_post(topic=thread["topic"])
    assert "The thread has moved on: 1 newer reply" in text_of(web, resource.get_absolute_url())
    web.post(f"{resource.get_absolute_url()}catch-up/")
    assert "moved on" not in text_of(web, resource.get_absolute_url())


def test_wanted_are_old_questions_and_for_those_who_look_after_the_library_what_nobody_found(
    client_as, member, manager, space
):
    make_topic(space=space, kind="question", title="Never answered?", at=timezone.now() - timedelta(days=9))
    make_topic(space=space, kind="question", title="Asked today?")
    hidden = make_space(preset="private")
    make_topic(space=hidden, kind="question", title="Closed?", at=timezone.now() - timedelta(days=9))
    for missed in ("penalty clause", "penalty clause", "ann lee"):
        note_miss(missed)
    page = text_of(client_as(member), reverse("content_wanted"))
    assert "Never answered?" in page
    assert "Asked today?" not in page
    assert "Closed?" not in page
    assert "penalty clause" not in page
    page = text_of(client_as(manager), reverse("content_wanted"))
    assert "penalty clause" in page
    assert "ann lee" not in page
    assert "looked for 2 times" in page


def test_one_tap_says_that_it_was_of_use_and_takes_it_back(web, published):
    address = f"{published.get_absolute_url()}outcome/"
    assert web.post(address, {"outcome": "nonsense"}).status_code == 422
    web.post(address, {"outcome": "used"})
    assert "✓ Used it · 1" in text_of(web, published.get_absolute_url())
    web.post(address, {"outcome": "used"})
    assert "✓" not in text_of(web, published.get_absolute_url())


def test_figures_name_no_company_of_fewer_than_five(client_as, published, guardian):
    """Eleven readers: six of one company, three of another, two of none. Then nothing can be worked out."""
    large, small = make_organisation("Large"), make_organisation("Small")
    for company, count in ((large, 6), (small, 3), (None, 2)):
        for _reader in range(count):
            member = make_member()
            note_reader(published, by=member, downloads=company == large)
            ResourceReader.objects.filter(member=member).update(organisation=company)
    page = text_of(client_as(guardian), f"{published.get_absolute_url()}figures/")
    assert "11 people have read it." in page
    assert "Large" in page
    assert "Small" not in page
    ResourceReader.objects.filter(organisation=None).delete()
    page = text_of(client_as(guardian), f"{published.get_absolute_url()}figures/")
    # Nine, and six of one company: the other three would stand there by subtraction.
    assert "Large" not in page
    ResourceReader.objects.exclude(organisation=small).delete()
    page = text_of(client_as(guardian), f"{published.get_absolute_url()}figures/")
    assert "Fewer than five people have read it." in page


def test_a_reason_is_asked_for_returning_and_retiring(client_as, published, guardian, space, other_member):
    web = client_as(guardian)
    draft = submit_resource(create_resource(space, by=other_member, words=words("Second")), by=other_member)
    assert web.post(f"{draft.get_absolute_url()}return/", {}).status_code == 422
    web.post(f"{draft.get_absolute_url()}return/", {"return-reason": "Name a case."})
    assert "Name a case." in text_of(client_as(other_member), draft.get_absolute_url())
    web.post(f"{published.get_absolute_url()}retire/", {"retire-reason": "Another law."})
    page = text_of(client_as(make_member()), published.get_absolute_url())
    assert "Another law." in page
    assert published.title not in text_of(client_as(make_member()), reverse("resource_list"))


def test_a_collection_is_begun_filled_and_emptied(client_as, published, guardian, member):
    web = client_as(guardian)
    sent = {"space": "pricing", "name": "First weeks", "why": "For whoever begins.", "curator": member.handle}
    web.post(reverse("collection_create"), sent)
    collection = Collection.objects.get()
    assert collection.curator == member
    curator = client_as(member)
    curator.post(f"{collection.get_absolute_url()}add/", {"resource": published.pk, "why": "Begin here."})
    page = text_of(client_as(make_member()), collection.get_absolute_url())
    assert "Begin here." in page
    assert member.display_name in page
    assert "First weeks" in text_of(client_as(make_member()), reverse("resource_list"))
    curator.post(
        f"{collection.get_absolute_url()}edit/", {"name": "First days", "why": "For whoever begins."}
    )
    curator.post(f"{collection.get_absolute_url()}remove/", {"resource": published.pk})
    assert not collection.items.exists()
    assert client_as(make_member()).post(f"{collection.get_absolute_url()}add/").status_code == 403


def test_without_the_library_its_pages_and_links_are_gone(client_as, published, administrator, member):
    switch_module(Module.LIBRARY, by=administrator, is_on=False)
    web = client_as(member)
    assert web.get(reverse("resource_list")).status_code == 404
    assert web.get(published.get_absolute_url()).status_code == 404
    home = text_of(web, "/")
    assert "/library/" not in home
    assert "resources/" not in text_of(web, Topic.objects.get().get_absolute_url())
    assert Program(Member.objects.get(pk=member.pk)).get("resources/").json()["results"] == []


# --- JSON -------------------------------------------------------------------------------------------------------


def test_programs_write_hand_in_publish_and_read(member, guardian, space):
    program, reviewer = Program(member), Program(guardian)
    made = program.post(
        "resources/", {"space": space.pk, "kind": "guide", "title": "Pilots", "body": "Eight."}
    )
    assert made.status_code == 201
    path = f"resources/{made.json()['id']}/"
    changed = program.patch(path, {"version": 1, "summary": "Short."}).json()
    assert (changed["summary"], changed["body"], changed["version"]) == ("Short.", "Eight.", 2)
    assert program.patch(path, {"version": 1, "summary": "Lost."}).status_code == 409
    assert program.post(f"{path}submit/").json()["state"] == "in_review"
    assert program.post(f"{path}publish/").status_code == 403
    assert reviewer.post(f"{path}publish/").json()["state"] == "published"
    reader = Program(make_member())
    assert [row["title"] for row in reader.get("resources/?kind=guide").json()["results"]] == ["Pilots"]
    assert reader.get("resources/?kind=case").json()["results"] == []
    assert reader.post(f"{path}outcome/", {"outcome": "used"}).json()["used_count"] == 1
    assert reader.post(f"{path}outcome/", {"outcome": "used", "is_said": False}).json()["used_count"] == 0
    assert reviewer.post(f"{path}retire/", {"reason": "Old."}).json()["state"] == "retired"


def test_programs_make_something_of_a_thread_and_contributors_answer(member, thread):
    program, (first, answer) = Program(member), thread["posts"]
    sent = {"posts": [first.pk, answer.pk], "title": "Pilots", "challenges": [answer.pk]}
    made = program.post(f"topics/{thread['topic'].pk}/resources/", sent)
    assert [row["part"] for row in made.json()["passages"]] == ["asked", "challenged"]
    path = f"resources/{made.json()['id']}/"
    program.post(f"{path}ask/")
    other = Program(thread["answerer"])
    assert other.post(f"{path}consent/", {"choice": "nameless"}).status_code == 204
    shown = program.get(path).json()["passages"]
    assert [row["contributor"] for row in shown] == ["Ann Asker", None]
    assert shown[1]["post"] is None
    assert (
        program.post(f"topics/{thread['topic'].pk}/resources/", {"posts": [10**9], "title": "x"}).status_code
        == 409
    )


def test_contributors_edit_their_words_by_program_as_on_the_page(member, thread):
    program, (first, answer) = Program(member), thread["posts"]
    sent = {"posts": [first.pk, answer.pk], "title": "Pilots"}
    made = program.post(f"topics/{thread['topic'].pk}/resources/", sent)
    path = f"resources/{made.json()['id']}/"
    program.post(f"{path}ask/")
    resource = Resource.objects.get()
    theirs, own = resource.passages.get(post=first), resource.passages.get(post=answer)
    other = Program(thread["answerer"])

    def say(*words, choice="approved"):
        return other.post(f"{path}consent/", {"choice": choice, "words": list(words)}).status_code

    nine = {"passage": own.pk, "body": "Nine **weeks**."}
    assert say({"passage": theirs.pk, "body": "Never."}) == 409
    assert say({"passage": 10**9, "body": "Never."}) == 409
    assert say(nine, nine) == 409
    assert say(nine, choice="refused") == 409
    assert say({"passage": own.pk, "body": " "}) == 400
    assert resource.contributors.get(member=thread["answerer"]).choice == Consent.WAITING
    assert say(nine) == 204
    own.refresh_from_db()
    theirs.refresh_from_db()
    assert (own.source, theirs.source) == ("Nine **weeks**.", "Six weeks?")
    assert "Nine <strong>weeks</strong>." in program.get(path).json()["passages"][1]["html"]
    assert say({**nine, "body": "<p>Ten.</p>", "body_format": "html"}, choice="nameless") == 204
    own.refresh_from_db()
    assert "Ten." in own.html
    assert say(choice="refused") == 204
    assert not resource.passages.filter(pk=own.pk).exists()


# --- what pages cost --------------------------------------------------------------------------------------------


def cost(client, address):
    client.get(address)
    with CaptureQueriesContext(connection) as captured:
        assert client.get(address).status_code == 200
    return len(captured)


def test_the_library_asks_as_often_for_twenty_resources_as_for_two(web, space, guardian, other_member):
    def grow(count):
        for _number in range(count):
            row = publish_resource(create_resource(space, by=other_member, words=words()), by=guardian)
            collection = create_collection(space, by=guardian, name="One", why="Because.")
            add_to_collection(collection, row, by=guardian)

    grow(2)
    of_two = cost(web, reverse("resource_list"))
    grow(8)
    assert cost(web, reverse("resource_list")) == of_two <= 8


def test_a_resource_asks_as_often_for_ten_passages_as_for_two(web, member, space, guardian):
    def make(count):
        topic = make_topic(space=space, by=member)
        posts = [make_post(topic=topic, by=make_member()) for _number in range(count)]
        resource = make_resource(posts, by=member, kind=ResourceKind.ARTICLE, title="Many")
        ask_contributors(resource, by=member)
        for post in posts:
            answer_consent(resource, by=post.author, choice=Consent.APPROVED)
        Resource.objects.filter(pk=resource.pk).update(is_undisputed=True)
        say_outcome(publish_resource(resource, by=guardian), Outcome.USED, by=guardian)
        return resource.get_absolute_url()

    assert cost(web, make(2)) == cost(web, make(10)) <= 16
