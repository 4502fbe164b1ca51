"""What a community that came out of the small dump looks like, whichever way the import went."""

import gzip
import io
import os
import threading
from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, connections
from django.urls import reverse

from community.core.models import Activity, SearchEntry
from community.core.text import render
from community.data.report import FIGURES, ImportRefused
from community.data.stackexchange.dump import find_files
from community.models import ImportRecord
from discussions.actions.maintenance import repair_counters
from discussions.models import Post, Space, Tag, Topic
from members.models import FactSource, Member, RoleName, Visibility
from tests.community.data.dumps import copy_lathe, rows_of_all_tables, run, snapshot, write_dump
from tests.factories import make_post, make_space

pytestmark = pytest.mark.django_db


@pytest.fixture
def lathe(tmp_path) -> Path:
    return copy_lathe(tmp_path)


@pytest.fixture
def imported(lathe) -> dict:
    return run(lathe)


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def record(kind: str, number: int | str) -> ImportRecord:
    return ImportRecord.objects.get(source="lathe", kind=kind, external_id=str(number))


def post(number: int) -> Post:
    return Post.objects.select_related("topic").get(pk=record("post", number).target_id)


def comment(number: int) -> Post:
    return Post.objects.select_related("topic").get(pk=record("comment", number).target_id)


def topic(number: int) -> Topic:
    return Topic.objects.get(pk=record("topic", number).target_id)


def member(number: int) -> Member:
    return Member.objects.get(pk=record("user", number).target_id)


def facts(number: int) -> dict[str, list[str]]:
    return dict(member(number).facts.values_list("field__key", "values"))


# --- the report -------------------------------------------------------------------------------------------------


def test_reports_what_came_and_what_was_left_out(imported) -> None:
    assert list(imported) == [*FIGURES, "added", "skipped", "seconds", "peak_mb"]
    figures = {name: imported[name] for name in FIGURES}
    assert figures == {
        "topics": 4,
        "posts": 12,
        "members": 8,
        "tags": 8,
        "accepted_answers": 1,
        "votes_up": 6,
        "votes_down": 2,
    }
    assert imported["added"] == figures
    assert imported["skipped"] == {
        "accepted answers that are not in the dump": 1,
        "answers whose question is not in the dump": 1,
        "comments on pages that are not imported": 1,
        "comments on posts that are not in the dump": 1,
        "history of posts that are not imported, and of other kinds": 2,
        "members without a date, who joined with their first post": 1,
        "pages that are neither question, answer nor tag wiki": 1,
        "posts whose author is gone, kept without one": 3,
        "questions without a title, named by their number": 1,
        "replies older than what they answer, kept behind it": 2,
        "rows of Posts without a usable id or date": 1,
        "rows of Users without a usable id or date": 1,
        "rows that stand in their table twice": 1,
        "tag wikis, of which the excerpts became descriptions of tags": 3,
        "tags beyond five on one topic": 1,
        "votes on pages that are not imported": 2,
        "votes on posts that are not in the dump": 2,
        "votes other than up, down and accepted": 1,
    }
    assert imported["seconds"] > 0
    assert imported["peak_mb"] > 10


def test_reports_to_people_too(lathe, capsys) -> None:
    out = io.StringIO()
    call_command("import_community", str(lathe), format="stackexchange", stdout=out)
    assert "accepted answers" in out.getvalue()
    assert "votes on posts that are not in the dump" in out.getvalue()
    # No terminal: a line for each step and no bars, and nothing of it where the report goes.
    assert "Posts.xml: done" in capsys.readouterr().err


def test_shows_bars_where_they_are_asked_for(lathe, capsys) -> None:
    call_command(
        "import_community", str(lathe), "--progress", "--json", format="stackexchange", stdout=io.StringIO()
    )
    assert "100%" in capsys.readouterr().err


# --- what came ----------------------------------------------------------------------------------------------------


def test_numbers_a_topic_by_true_time_and_nothing_before_what_it_answers(imported) -> None:
    found = list(topic(10).posts.order_by("number").values_list("number", "reply_to__number", "source"))
    assert [(number, answered) for number, answered, _source in found] == [
        (1, None),
        (2, 1),  # an answer older than its question
        (3, 2),  # and a comment older than that
        (4, 2),
        (5, 1),  # a comment on the question
        (6, 1),  # the other answer
        (7, 6),
        (8, 1),
    ]
    assert [source[:15] for _number, _answered, source in found] == [
        "The jaws slip o",
        "Use soft jaws.",
        "Before the answ",
        "\\# one\n\n1\\. two",
        "Which \\<chuck> ",
        "Tighten it.",
        "Not that simple",
        "After the closi",
    ]
    assert comment(3).created_at == moment("2019-03-31 09:00:00")


def test_counters_are_those_of_the_nightly_repair(imported) -> None:
    assert not any(repair_counters().values())
    found = topic(10)
    assert (found.highest_number, found.last_number, found.post_count, found.people_count) == (8, 8, 8, 3)
    assert (found.last_post_at, found.last_poster) == (moment("2019-04-10 09:00:00"), member(1))


def test_the_markdown_of_the_newest_revision_is_the_source(imported) -> None:
    found = post(10)
    assert (found.source, found.source_format) == ("The jaws slip on *hard* steel.\n", "markdown")
    assert found.html == "<p>The jaws slip on <em>hard</em> steel.</p>\n"
    assert found.html == render(found.source, "markdown").html


def test_what_has_no_history_keeps_its_html(imported) -> None:
    assert (post(20).source, post(20).source_format, post(20).version) == (
        "<p>ما هي سرعة القطع المناسبة؟</p>",
        "html",
        1,
    )


def test_a_history_that_ends_too_early_is_not_believed_to_be_whole(imported) -> None:
    found = post(40)
    assert (found.source, found.source_format, found.version) == ("<p>Newest words.</p>", "html", 2)
    assert found.edited_at == moment("2019-06-09 10:00:00")
    revision = found.revisions.get()
    assert (revision.version, revision.source, revision.source_format) == (1, "First words.", "markdown")
    assert revision.edited_by == member(1)


def test_revisions_are_the_versions_that_an_edit_replaced(imported) -> None:
    found = post(10)
    assert (found.version, found.edited_at, found.edit_reason) == (
        3,
        moment("2019-04-03 08:00:00"),
        "a clearer title",
    )
    rows = found.revisions.order_by("version").values_list(
        "version", "title", "source", "edited_by__handle", "reason"
    )
    assert list(rows) == [
        (1, "", "The jaws slip.", "ada-turner", "which steel"),
        (2, "Chuck slips", "The jaws slip on *hard* steel.\n", "ada-turner-3", "a clearer title"),
    ]
    rolled_back = post(12)
    assert (rolled_back.source, rolled_back.version) == ("Use soft jaws.", 3)
    assert list(rolled_back.revisions.order_by("version").values_list("source", "edited_by", "reason")) == [
        ("Use soft jaws.", None, "nonsense"),
        ("Use hard jaws.", member(1).pk, "Rollback to Revision 1"),
    ]


def test_votes_are_counts_and_nobody_reacts(imported) -> None:
    assert post(12).imported_upvotes == 4
    assert record("post", 12).data == {"type": "answer", "score": 3, "up": 4, "down": 1}
    assert record("post", 11).data == {"type": "answer", "score": -1, "up": 0, "down": 1}
    assert record("comment", 1).data == {"score": 4}
    assert comment(1).imported_upvotes == 0
    assert not post(12).reactions.exists()


def test_the_accepted_answer_and_when(imported) -> None:
    assert topic(10).accepted_post == post(12)
    assert topic(20).accepted_post is None
    accepted = Activity.objects.get(verb="answer.accepted")
    assert (accepted.actor, accepted.counterpart, accepted.target_id) == (member(1), member(4), post(12).pk)
    assert accepted.occurred_at == moment("2019-04-06 00:00:00")


def test_closed_questions_say_why_and_their_past_is_told(imported) -> None:
    found = topic(10)
    assert found.closed_at == moment("2019-04-09 12:00:00")
    assert (found.closed_by, found.close_reason) == (member(2), "a duplicate of another question")
    rows = Activity.objects.filter(target_type="topic", target_id=found.pk).order_by("occurred_at", "id")
    assert list(rows.values_list("verb", "actor__handle")) == [
        ("topic.created", "ada-turner"),
        ("topic.edited", "ada-turner-3"),
        ("topic.closed", None),
        ("topic.reopened", "ada-turner"),
        ("topic.closed", "ada-turner-3"),
    ]
    assert topic(30).close_reason == ""
    assert (
        Activity.objects.get(verb="topic.closed", target_id=topic(30).pk).occurred_at == topic(30).closed_at
    )


def test_people_are_there_to_be_claimed(imported) -> None:
    person = member(1)
    assert (person.email, person.claimed_at, person.has_usable_password()) == (None, None, False)
    assert person.joined_at == moment("2019-03-01 08:00:00.123")
    assert person.roles == {RoleName.MEMBER}
    assert person.role_rows.get().from_at == person.joined_at
    assert facts(1) == {
        "biography": ["I turn brass.\nAsk me about chucks & collets."],
        "place": ["Leiden"],
        "links": ["https://turner.example/about"],
    }
    assert {(fact.source, fact.visibility, fact.confirmed_at) for fact in person.facts.all()} == {
        (FactSource.IMPORT, Visibility.MEMBERS, person.joined_at)
    }
    assert "links" not in facts(2)
    assert facts(8)["place"] == ["Utrecht"]
    assert member(6).joined_at == post(40).created_at
    assert len(set(Member.objects.values_list("password", flat=True))) == Member.objects.count()


def test_handles_are_given_out_in_one_pass_and_never_twice(imported) -> None:
    assert [member(number).handle for number in (1, 2, 3, 4, 5, 8)] == [
        "ada-turner",
        "ada-turner-3",  # "ada-turner-2" is what the third one is called
        "ada-turner-2",
        "member",
        "user5",
        "ada-turner-4",
    ]
    assert member(4).display_name == "نجّار قديم"


def test_handles_that_are_taken_here_are_left_alone(make_taken, lathe) -> None:
    make_taken("ada-turner", "ada-turner-2", "ada-turner-4")
    run(lathe)
    assert [member(number).handle for number in (1, 2, 3, 8)] == [
        "ada-turner-3",
        "ada-turner-5",
        "ada-turner-2-2",
        "ada-turner-6",
    ]


@pytest.fixture
def make_taken(db):
    def make(*handles: str) -> None:
        for handle in handles:
            Member.objects.create(
                handle=handle, display_name=handle, joined_at=moment("2019-01-01"), password="!"
            )

    return make


def test_the_site_itself_is_a_machine(imported) -> None:
    machine = member(-1)
    assert machine.is_machine
    assert machine.roles == frozenset()
    assert topic(30).author == machine
    assert Activity.objects.get(verb="topic.created", target_id=topic(30).pk).actor_role == ""
    assert machine not in Member.objects.people()


def test_posts_whose_author_is_gone_keep_the_name_apart(imported) -> None:
    assert [row.author for row in (post(20), post(21), comment(4))] == [None, None, None]
    assert record("post", 20).data["author"] == "user77"
    assert record("post", 21).data["author"] == "user99"
    assert record("comment", 4).data["author"] == "user12"
    assert Activity.objects.get(verb="topic.created", target_id=topic(20).pk).actor is None


def test_tags_and_their_descriptions(imported) -> None:
    assert Tag.objects.get(name="chuck").description == "What holds the work: jaws, collets and faceplates."
    assert Tag.objects.get(name="steel").description == ""
    assert {Tag.objects.get(name=name).slug for name in ("c", "c++")} == {"c", "c-2"}
    assert set(topic(20).tags.names()) == {"steel", "chuck", "speeds", "feeds", "oil"}
    assert not topic(40).tags.exists()


def test_a_word_the_community_has_already_is_that_word(lathe) -> None:
    known = Tag.objects.create(name="Chuck", slug="chuck", description="Ours.")
    run(lathe)
    known.refresh_from_db()
    assert known.description == "Ours."
    assert Tag.objects.filter(name__iexact="chuck").count() == 1
    assert topic(10).tags.filter(pk=known.pk).exists()


def test_activity_has_true_times_and_tells_nobody(imported) -> None:
    past = Activity.objects.exclude(verb__in=("space.created", "import.finished"))
    assert not past.undispatched().exists()
    assert past.filter(verb="member.joined").count() == 8
    assert past.filter(verb="topic.created").count() == 4
    assert past.filter(verb="post.created").count() == 8
    assert past.filter(verb="post.edited").count() == 4
    joined = past.get(verb="member.joined", target_id=member(1).pk)
    assert (joined.occurred_at, joined.actor_role, joined.data) == (
        member(1).joined_at,
        "member",
        {"source": "import"},
    )


def test_activity_is_what_the_actions_would_have_written(imported, make_taken) -> None:
    """The same address, title, data and counterpart as a reply that somebody writes here."""
    row = Activity.objects.get(verb="post.created", target_id=comment(4).pk)
    reply = comment(4)
    assert row.target_url == reply.get_absolute_url()
    assert row.target_title == reply.activity_title
    assert row.space_id == reply.topic.space_id
    assert row.counterpart == member(2)
    written = make_post(topic=topic(20), reply_to=post(21))
    ours = Activity.objects.get(verb="post.created", target_id=written.pk)
    assert row.data == {
        "topic_id": reply.topic_id,
        "number": 7,
        "reply_to_id": post(11).pk,
        "kind": "question",
        "mentioned_ids": [],
    }
    assert (set(row.data), row.audience, row.target_type) == (set(ours.data), ours.audience, ours.target_type)
    started = Activity.objects.get(verb="topic.created", target_id=topic(10).pk)
    assert started.target_url == topic(10).get_absolute_url()
    assert started.data == {"topic_id": topic(10).pk, "kind": "question", "mentioned_ids": []}
    joined = Activity.objects.get(verb="member.joined", target_id=member(1).pk)
    assert joined.target_url == reverse("member_show", args=["ada-turner"])


def test_search_entries_are_those_the_actions_would_have_written(imported) -> None:
    reply, first = comment(4), topic(10)
    entry = SearchEntry.objects.get(target_type="post", target_id=reply.pk)
    ours = make_post(topic=topic(20), body=reply.source)
    copy = SearchEntry.objects.get(target_type="post", target_id=ours.pk)
    assert (entry.kind, entry.text, entry.vector, entry.space_id) == (
        copy.kind,
        copy.text,
        copy.vector,
        copy.space_id,
    )
    assert (entry.title, entry.occurred_at) == (first.title, reply.created_at)
    start = SearchEntry.objects.get(target_type="topic", target_id=first.pk)
    assert "'chuck':7A" in start.vector
    assert "'steel':" in start.vector
    assert SearchEntry.objects.count() == 12 + 1


def test_the_space_is_opened_for_it(imported) -> None:
    space = Space.objects.get()
    assert (space.name, space.slug, space.preset) == ("lathe", "lathe", "open")
    finished = Activity.objects.get(verb="import.finished")
    assert finished.data["format"] == "stackexchange"
    assert finished.data["added"]["posts"] == 12


def test_a_member_reads_it(imported, web) -> None:
    page = web.get(topic(10).get_absolute_url()).content.decode()
    assert "Use soft jaws." in page


# --- again, and more -----------------------------------------------------------------------------------------------


def test_a_second_run_adds_nothing(imported, lathe) -> None:
    before, rows = snapshot(), rows_of_all_tables()
    again = run(lathe)
    assert set(again["added"].values()) == {0}
    assert {name: again[name] for name in FIGURES} == {name: imported[name] for name in FIGURES}
    assert again["skipped"] == imported["skipped"]
    assert snapshot() == before
    assert rows_of_all_tables() == rows


def test_packed_files_and_plain_ones_are_the_same(lathe, tmp_path) -> None:
    run(lathe)
    for path in lathe.glob("*.xml"):
        (lathe / f"{path.name}.gz").write_bytes(gzip.compress(path.read_bytes()))
        path.unlink()
    assert set(run(lathe)["added"].values()) == {0}


def test_a_newer_dump_appends_and_sets_the_counts(imported, lathe) -> None:
    ours = make_post(topic=topic(20), body="Written here meanwhile.")
    change(
        lathe / "Posts.xml",
        '<row Id="50" PostTypeId="1" CreationDate="2020-01-02T00:00:00" Title="New" Body="n" OwnerUserId="9" />'
        '<row Id="51" PostTypeId="2" ParentId="20" CreationDate="2019-05-01T11:00:00" Body="late" OwnerUserId="9" />'
        '<row Id="52" PostTypeId="2" ParentId="40" CreationDate="2019-07-01T11:00:00" Body="yes" OwnerUserId="1" />',
        ('<row Id="40" PostTypeId="1"', '<row Id="40" PostTypeId="1" AcceptedAnswerId="52"'),
        ('Body="&lt;p&gt;Tighten it.', 'Body="&lt;p&gt;Edited over there.'),
    )
    change(lathe / "Users.xml", '<row Id="9" CreationDate="2020-01-01T00:00:00" DisplayName="Ada Turner" />')
    change(
        lathe / "Comments.xml",
        '<row Id="60" PostId="51" CreationDate="2020-01-03T00:00:00" Text="On the late one." UserId="1" />',
    )
    change(
        lathe / "Votes.xml",
        "",
        ('<row Id="7" PostId="12" VoteTypeId="2"', '<row Id="7" PostId="12" VoteTypeId="3"'),
    )
    later = run(lathe)
    assert later["added"] == {
        "topics": 1,
        "posts": 4,
        "members": 1,
        "tags": 0,
        "accepted_answers": 1,
        "votes_up": -1,
        "votes_down": 1,
    }
    found = list(topic(20).posts.order_by("number").values_list("number", "pk", "reply_to__number"))
    assert found == [
        (1, post(20).pk, None),
        (2, post(21).pk, 1),
        (3, ours.pk, 1),
        (4, post(51).pk, 1),
        (5, comment(60).pk, 4),
    ]
    assert (topic(20).highest_number, topic(20).last_poster) == (5, member(1))
    assert not any(repair_counters().values())
    assert post(12).imported_upvotes == 3
    assert record("post", 12).data["down"] == 2
    assert topic(40).accepted_post == post(52)
    assert post(11).source == "Tighten it."
    assert member(9).handle == "ada-turner-5"
    assert set(run(lathe)["added"].values()) == {0}


def test_what_people_changed_here_stays(imported, lathe) -> None:
    found = topic(10)
    found.accepted_post = None
    found.title = "Ours now"
    found.save()
    Post.objects.filter(pk=post(11).pk).update(source="Ours too")
    run(lathe)
    found.refresh_from_db()
    assert (found.accepted_post, found.title) == (None, "Ours now")
    assert post(11).source == "Ours too"


def test_the_same_dump_under_another_name_is_another_community(imported, lathe) -> None:
    other = run(lathe, "--source=other lathe")
    assert other["added"]["posts"] == 12
    assert Space.objects.count() == 2
    assert Tag.objects.filter(name="chuck").count() == 1


def test_a_dry_run_tells_everything_and_writes_nothing(lathe) -> None:
    before = rows_of_all_tables()
    dry = run(lathe, "--dry-run")
    assert rows_of_all_tables() == before
    real = run(lathe)
    assert {name: dry[name] for name in (*FIGURES, "added", "skipped")} == {
        name: real[name] for name in (*FIGURES, "added", "skipped")
    }


def test_a_dry_run_over_what_is_here_says_that_nothing_would_come(imported, lathe) -> None:
    before = snapshot()
    assert set(run(lathe, "--dry-run")["added"].values()) == {0}
    assert snapshot() == before


def test_leaves_no_tables_and_no_limits_behind(imported) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT relname FROM pg_class WHERE relpersistence = 't' AND relkind = 'r'")
        assert cursor.fetchall() == []
        cursor.execute("SHOW statement_timeout")
        assert cursor.fetchone() == ("15s",)
        cursor.execute("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()")
        assert cursor.fetchone() == (0,)


# --- damage ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["Users", "Tags", "Comments", "PostHistory", "Votes"])
def test_a_missing_table_is_told_and_the_rest_comes(lathe, name) -> None:
    (lathe / f"{name}.xml").unlink()
    found = run(lathe)
    assert found["skipped"][f"table {name} is missing"] == 1
    assert found["topics"] == 4
    assert found["posts"] == (7 if name == "Comments" else 12)
    assert found["members"] == (0 if name == "Users" else 8)
    assert not any(repair_counters().values())


def test_posts_alone_are_a_community(lathe) -> None:
    for path in lathe.glob("*.xml"):
        if path.name != "Posts.xml":
            path.unlink()
    assert run(lathe)["posts"] == 7


def test_without_votes_the_counts_of_before_stay(imported, lathe) -> None:
    (lathe / "Votes.xml").unlink()
    assert run(lathe)["votes_up"] == 6


def test_malformed_xml_is_told_by_file_and_line_and_the_rest_comes(lathe, capsys) -> None:
    change(lathe / "Posts.xml", "", ('<row Id="11"', '<row Id=11"'))
    out = io.StringIO()
    with pytest.raises(CommandError) as error:
        call_command(
            "import_community", str(lathe), "--json", format="stackexchange", stdout=out, verbosity=0
        )
    assert error.value.returncode == 1
    assert "Posts.xml, line 4: not well-formed (invalid token); 12 rows of this file were kept" in str(
        error.value
    )
    assert '"posts": 10,' in out.getvalue()
    assert "Posts.xml, line 4" in out.getvalue()
    # Mended, the file brings what was missing.
    change(lathe / "Posts.xml", "", ('<row Id=11"', '<row Id="11"'))
    assert run(lathe)["added"]["posts"] == 2
    assert not any(repair_counters().values())


# --- refusals -------------------------------------------------------------------------------------------------------


def refusal(path: Path | str, *options: str) -> str:
    before = rows_of_all_tables()
    with pytest.raises(CommandError) as error:
        run(Path(path), *options)
    assert rows_of_all_tables() == before
    return str(error.value)


def test_says_why_a_path_is_no_dump(tmp_path, lathe) -> None:
    assert "No such file or directory" in refusal(tmp_path / "nowhere")
    assert "is not a folder" in refusal(lathe / "Posts.xml")
    (tmp_path / "empty").mkdir()
    assert "has no Posts.xml or Posts.xml.gz" in refusal(tmp_path / "empty")
    (lathe / "Posts.xml").write_text("<html></html>")
    assert "begins with <html>" in refusal(lathe)
    (lathe / "Posts.xml").unlink()
    (lathe / "Posts.xml").mkdir()
    assert "is not a file" in refusal(lathe)


def test_says_what_may_not_be_read(lathe) -> None:
    if os.geteuid() == 0:
        # Root reads everything; somebody else cannot even enter the folders of root's tests.
        os.seteuid(65534)
        try:
            with pytest.raises(ImportRefused, match="cannot be read: Permission denied"):
                find_files(lathe)
        finally:
            os.seteuid(0)
    else:
        (lathe / "Votes.xml").chmod(0)
        assert "Votes.xml cannot be read: Permission denied" in refusal(lathe)


def test_does_not_mix_with_a_space_that_is_here(lathe) -> None:
    make_space("Lathe", slug="lathe")
    assert "There is a space “lathe” already" in refusal(lathe)
    assert run(lathe, "--space=The lathe")["topics"] == 4
    assert Space.objects.get(slug="the-lathe").topics.count() == 4
    assert "Leave --space out" in refusal(lathe, "--space=Another")
    assert run(lathe, "--space=the LATHE")["topics"] == 4


def test_needs_a_name_for_the_source() -> None:
    assert "Give one with --source" in refusal("/")


@pytest.mark.django_db(transaction=True)
def test_the_second_of_two_imports_is_told_so(lathe, monkeypatch) -> None:
    monkeypatch.setattr("community.data.importing._LOCK_PATIENCE_SECONDS", 0.1)
    locked, done = threading.Event(), threading.Event()

    def hold() -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_lock(7305132)")
            locked.set()
            done.wait(30)
        connections.close_all()

    holder = threading.Thread(target=hold)
    holder.start()
    try:
        assert locked.wait(10)
        assert "Another import is running" in refusal(lathe)
    finally:
        done.set()
        holder.join()


def test_long_topics_and_many_chunks(tmp_path, monkeypatch) -> None:
    """Chunks end between topics; a topic longer than a chunk goes in whole."""
    monkeypatch.setattr("community.data.loading._CHUNK", 10)
    folder = write_dump(tmp_path / "long", topics=6, answers=3, comments=20)
    assert run(folder)["posts"] == 6 * 24
    assert not any(repair_counters().values())
    for found in Topic.objects.all():
        assert list(found.posts.order_by("number").values_list("number", flat=True)) == list(range(1, 25))


def change(path: Path, rows: str, *replacements: tuple[str, str]) -> None:
    """Other words in a file of the dump, and rows at its end."""
    text = path.read_text(encoding="utf-8")
    for old, new in replacements:
        assert old in text
        text = text.replace(old, new)
    head, _end, tail = text.rpartition("</")
    path.write_text(f"{head}{rows}\n</{tail}", encoding="utf-8")
