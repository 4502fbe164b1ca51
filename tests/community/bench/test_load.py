"""The loader builds exactly what was asked for, and what it builds agrees with itself as the actions' rows do."""

from dataclasses import replace

import pytest
from django.db import connection
from django.db.models import Count, F, Max

from community.bench import database
from community.bench.load import READER_ID
from community.bench.sizes import LONG_TOPIC_ID, TYPICAL_TOPIC_ID, Sizes
from community.bench.words import COMMON_WORD, RARE_POSTS, RARE_WORD
from community.core.models import Activity, SearchEntry, SearchKind
from community.core.search import search_vector
from discussions.actions.maintenance import repair_counters
from discussions.models import Follow, Post, Reaction, ReadState, Topic, visible_space_ids
from members.models import Member

SIZES = Sizes(members=60, topics=40, posts=900, long_topic=130)


_CONSTRAINTS = "SELECT conname FROM pg_constraint WHERE contype IN ('f', 'u')"
_INDEXES = "SELECT indexname FROM pg_indexes WHERE schemaname = 'public'"


@pytest.fixture(scope="module")
def community(django_db_setup, django_db_blocker):
    """The database of the bench, with every query of the module inside it; and what the migrations make."""
    with django_db_blocker.unblock():
        migrated = names(_CONSTRAINTS), names(_INDEXES)
        database.build(SIZES, say=lambda step: None)
        with database.inside(SIZES):
            yield migrated
        database.drop(SIZES)


def names(query: str) -> set[str]:
    with connection.cursor() as cursor:
        cursor.execute(query)
        return {row[0] for row in cursor.fetchall()}


@pytest.mark.django_db
@pytest.mark.usefixtures("community")
class TestLoad:
    def test_holds_exactly_the_sizes_asked_for(self):
        assert Member.objects.count() == 60
        assert Topic.objects.count() == 40
        assert Post.objects.count() == 900
        assert Topic.objects.get(pk=LONG_TOPIC_ID).post_count == 130
        assert Topic.objects.get(pk=TYPICAL_TOPIC_ID).post_count == 20

    def test_numbers_have_no_gaps_and_counters_do_not_drift(self):
        tops = Topic.objects.annotate(top=Max("posts__number"), count=Count("posts"))
        assert not tops.exclude(top=F("count"), highest_number=F("top"), last_number=F("top")).exists()
        assert not any(repair_counters().values())

    def test_last_post_and_last_poster_are_those_of_the_highest_number(self):
        for topic in Topic.objects.all():
            last = topic.posts.get(number=topic.last_number)
            assert (topic.last_post_at, topic.last_poster_id) == (last.created_at, last.author_id)
            assert topic.author_id == topic.posts.get(number=1).author_id

    def test_ids_follow_time_over_all_topics(self):
        times = list(Post.objects.order_by("pk").values_list("created_at", flat=True))
        assert times == sorted(times)
        assert Post.objects.filter(reply_to__created_at__gt=F("created_at")).count() == 0

    def test_search_entries_are_what_the_actions_write(self):
        assert SearchEntry.objects.filter(kind=SearchKind.TOPIC).count() == 40
        assert SearchEntry.objects.filter(kind=SearchKind.POST).count() == 860
        for entry in SearchEntry.objects.order_by("pk")[:50]:
            vector = search_vector(SearchKind(entry.kind), entry.title, entry.text)
            written = SearchEntry.objects.annotate(written=vector).values_list("written", flat=True)
            assert written.get(pk=entry.pk) == entry.vector

    def test_the_rare_word_is_rare_and_the_common_one_is_common(self):
        assert Post.objects.filter(source__contains=RARE_WORD).count() == RARE_POSTS
        share = Post.objects.filter(source__contains=COMMON_WORD).count() / 900
        assert 0.1 < share < 0.3

    def test_everything_that_happened_has_its_activity_and_nothing_waits_for_dispatch(self):
        by_verb = dict(Activity.objects.values_list("verb").annotate(Count("pk")).order_by())
        assert by_verb == {
            "member.joined": 60,
            "topic.created": 40,
            "post.created": 860,
            "post.thanked": Reaction.objects.count(),
        }
        assert not Activity.objects.undispatched().exists()

    def test_thanks_come_from_others(self):
        assert not Reaction.objects.filter(member=F("post__author")).exists()

    def test_the_reader_sees_most_spaces_reads_and_follows(self):
        reader = Member.objects.with_current_roles().get(pk=READER_ID)
        assert len(visible_space_ids(reader)) == 10
        assert ReadState.objects.filter(member=reader).count() == 40
        assert Follow.objects.filter(member=reader, topic__isnull=False).count() == 40
        unread = ReadState.objects.filter(member=reader, last_read_number__lt=F("topic__last_number"))
        assert unread.exists()

    def test_new_rows_find_their_ids(self):
        post = Post.objects.get(topic=TYPICAL_TOPIC_ID, number=1)
        made = Reaction.objects.create(post=post, member_id=1, kind="thanks", created_at=post.created_at)
        made.delete()

    def test_indexes_and_constraints_are_those_of_the_migrations(self, community):
        assert (names(_CONSTRAINTS), names(_INDEXES)) == community

    def test_it_is_found_again_only_when_it_is_whole_and_of_these_sizes(self):
        assert database.is_built(SIZES)
        assert not database.is_built(replace(SIZES, posts=901))
        with connection.cursor() as cursor:
            cursor.execute(f'COMMENT ON DATABASE "{SIZES.database}" IS NULL')
        assert not database.is_built(SIZES)
