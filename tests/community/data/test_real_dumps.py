"""The real communities beside the project: what is here afterwards is what stands in the files, counted apart.

Nothing of `community.data` is used for counting. Skipped where the data sets are not there.
"""

import gzip
import json
import subprocess
from collections import Counter, defaultdict
from datetime import datetime
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from django.db import connection

from community.core.models import Activity, SearchEntry
from community.data.report import FIGURES
from community.models import ImportRecord
from discussions.actions.maintenance import repair_counters
from discussions.models import Post, PostRevision, Tag, TaggedTopic, Topic
from members.models import Member
from tests.community.data.dumps import command, process_environment, rows_of_all_tables, run, shared, snapshot

SECONDS = 60
MEGABYTES = 300


def rows(folder: Path, table: str) -> list[dict[str, str]]:
    with gzip.open(folder / f"{table}.xml.gz") as file:
        return [dict(element.attrib) for _event, element in ET.iterparse(file) if element.tag == "row"]


class Files:
    """A dump as plain Python sees it."""

    def __init__(self, folder: Path) -> None:
        posts = rows(folder, "Posts")
        self.posts = {row["Id"]: row for row in posts if row["PostTypeId"] in {"1", "2"}}
        self.all_posts = {row["Id"]: row for row in posts}
        self.questions = {key: row for key, row in self.posts.items() if row["PostTypeId"] == "1"}
        self.comments = {row["Id"]: row for row in rows(folder, "Comments")}
        self.users = {row["Id"]: row for row in rows(folder, "Users")}
        self.tags = rows(folder, "Tags")
        self.votes = rows(folder, "Votes")
        self.history = rows(folder, "PostHistory")
        self.score: Counter[str] = Counter()
        self.up: Counter[str] = Counter()
        self.down: Counter[str] = Counter()
        for vote in self.votes:
            if vote["PostId"] in self.posts and vote["VoteTypeId"] in {"2", "3"}:
                (self.up if vote["VoteTypeId"] == "2" else self.down)[vote["PostId"]] += 1

    def question_of(self, post: str) -> str:
        return self.posts[post].get("ParentId", post)

    def threads(self) -> dict[str, list[tuple[str, str]]]:
        """For each question its replies, answers and comments merged by their own times."""
        found = defaultdict(list)
        for key, row in self.posts.items():
            if row["PostTypeId"] == "2":
                found[row["ParentId"]].append((row["CreationDate"], 0, int(key), ("post", key)))
        for key, row in self.comments.items():
            found[self.question_of(row["PostId"])].append(
                (row["CreationDate"], 1, int(key), ("comment", key))
            )
        return {key: [name for *_order, name in sorted(found[key])] for key in self.questions}

    def figures(self) -> dict[str, int]:
        return {
            "topics": len(self.questions),
            "posts": len(self.posts) + len(self.comments),
            "members": len(self.users) - 1,
            "tags": len(self.tags),
            "accepted_answers": sum("AcceptedAnswerId" in row for row in self.questions.values()),
            "votes_up": sum(self.up.values()),
            "votes_down": sum(self.down.values()),
        }


def check(folder: Path, report: dict) -> None:
    files = Files(folder)
    assert {name: report[name] for name in FIGURES} == files.figures()
    assert report["added"] == files.figures()
    lost = sum(vote["PostId"] not in files.all_posts for vote in files.votes)
    assert report["skipped"]["votes on posts that are not in the dump"] == lost
    assert report["seconds"] < SECONDS

    records = {(row.kind, row.external_id): row for row in ImportRecord.objects.filter(source=folder.name)}
    posts = Post.objects.select_related("author", "reply_to").in_bulk()
    topics = Topic.objects.in_bulk()

    # Numbers, order, replies, times and authors of every single post.
    for question, thread in files.threads().items():
        topic = topics[records["topic", question].target_id]
        row = files.questions[question]
        assert topic.title == row["Title"].strip()
        assert topic.highest_number == topic.post_count == len(thread) + 1
        assert (topic.closed_at is not None) == ("ClosedDate" in row)
        accepted = row.get("AcceptedAnswerId")
        assert topic.accepted_post_id == (records["post", accepted].target_id if accepted else None)
        for number, (kind, key) in enumerate([("post", question), *thread], start=1):
            post, source = (
                posts[records[kind, key].target_id],
                (files.comments if kind == "comment" else files.posts)[key],
            )
            assert (post.topic_id, post.number) == (topic.pk, number)
            assert post.created_at == datetime.fromisoformat(source["CreationDate"] + "+00:00")
            author = source.get("UserId" if kind == "comment" else "OwnerUserId")
            assert post.author_id == (records["user", author].target_id if author else None)
            answered = source["PostId"] if kind == "comment" else source.get("ParentId")
            assert post.reply_to_id == (records["post", answered].target_id if answered else None)
            if kind == "post":
                assert post.imported_upvotes == files.up[key]
                down = records[kind, key].data["down"]
                assert down == files.down[key]
                assert post.imported_upvotes - down == int(source["Score"])

    # The text is the newest one of the history, and every earlier one is kept with who replaced it and when.
    edits = defaultdict(list)
    for row in files.history:
        if row["PostHistoryTypeId"] in {"1", "2", "4", "5", "7", "8"} and row["PostId"] in files.posts:
            edits[row["PostId"]].append(row)
    for key, history in edits.items():
        post = posts[records["post", key].target_id]
        bodies = [row for row in history if row["PostHistoryTypeId"] in {"2", "5", "8"}]
        assert post.source.split() == bodies[-1].get("Text", "").split()
        saved = list(dict.fromkeys(row["RevisionGUID"] for row in history))
        assert post.version == len(saved)
        revisions = list(PostRevision.objects.filter(post=post).order_by("version"))
        assert len(revisions) == len(saved) - 1
        if revisions:
            assert revisions[0].source.split() == bodies[0].get("Text", "").split()
            assert revisions[-1].edited_at == post.edited_at

    # People, each with a handle of their own, nobody with a way in.
    people = Member.objects.filter(pk__in=[row.target_id for key, row in records.items() if key[0] == "user"])
    assert people.filter(is_machine=True).count() == 1
    assert people.people().count() == len(files.users) - 1
    assert not people.filter(email__isnull=False).exists()
    assert not people.filter(claimed_at__isnull=False).exists()
    assert not any(person.has_usable_password() for person in people)
    for person in people:
        assert (
            person.joined_at.isoformat()[:19]
            == files.users[_external(records, "user", person.pk)]["CreationDate"][:19]
        )

    # Tags, their descriptions and their topics.
    excerpts = {
        row["TagName"]: files.all_posts.get(row.get("ExcerptPostId", ""), {}).get("Body", "")
        for row in files.tags
    }
    described = {name for name, text in excerpts.items() if text.strip()}
    assert set(Tag.objects.exclude(description="").values_list("name", flat=True)) == described
    assert TaggedTopic.objects.count() == sum(row["Tags"].count("<") for row in files.questions.values())

    # Activity with the true times, and nothing waits to be told.
    assert Activity.objects.filter(verb="topic.created").count() == len(files.questions)
    assert Activity.objects.filter(verb="post.created").count() == len(posts) - len(files.questions)
    assert Activity.objects.filter(verb="member.joined").count() == len(files.users) - 1
    assert Activity.objects.filter(verb="answer.accepted").count() == files.figures()["accepted_answers"]
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM core_activity AS activity JOIN discussions_post AS post ON post.id = target_id"
            " WHERE verb = 'post.created' AND (occurred_at, actor_id, activity.data->>'number')"
            " IS DISTINCT FROM (created_at, author_id, number::text)"
        )
        assert cursor.fetchone() == (0,)
    waiting = Activity.objects.undispatched().exclude(verb__in=("space.created", "import.finished"))
    assert not waiting.exists()
    assert SearchEntry.objects.count() == len(posts)
    assert not any(repair_counters().values())


def _external(records: dict, kind: str, target: int) -> str:
    if kind not in _cache or _cache[kind][0] is not records:
        _cache[kind] = (records, {row.target_id: key for (of, key), row in records.items() if of == kind})
    return _cache[kind][1][target]


_cache: dict = {}


@pytest.mark.django_db
@pytest.mark.parametrize("name", ["se-conlang-meta", "se-beer"])
def test_everything_in_the_files_is_here(name) -> None:
    folder = shared(name)
    check(folder, run(folder))
    before, counts = snapshot(("topics", "posts", "records")), rows_of_all_tables()
    assert set(run(folder)["added"].values()) == {0}
    assert rows_of_all_tables() == counts
    assert snapshot(("topics", "posts", "records")) == before


@pytest.mark.django_db(transaction=True)
def test_the_beer_site_has_the_published_figures_within_a_minute_and_300_mb() -> None:
    folder = shared("se-beer")
    done = subprocess.run(
        command(folder, "--json"),
        env=process_environment(),
        capture_output=True,
        text=True,
        check=True,
        timeout=300,
    )
    report = json.loads(done.stdout)
    assert {name: report[name] for name in FIGURES} == {
        "topics": 561,
        "posts": 3633,
        "members": 3657,
        "tags": 134,
        "accepted_answers": 340,
        "votes_up": 8536,
        "votes_down": 240,
    }
    assert report["skipped"]["votes on posts that are not in the dump"] == 610
    assert report["seconds"] < SECONDS
    assert report["peak_mb"] < MEGABYTES
    assert Topic.objects.count() == 561
    kinds = Counter(ImportRecord.objects.filter(target_type="post").values_list("kind", "data__type"))
    assert kinds == {("post", "question"): 561, ("post", "answer"): 1330, ("comment", None): 1742}
    # Three of the 56 excerpts that tags point to are empty.
    assert Tag.objects.exclude(description="").count() == 53
    assert Topic.objects.filter(closed_at__isnull=False).count() == 53
