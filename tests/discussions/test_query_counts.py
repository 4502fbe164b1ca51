"""How often a page asks the database: within its budget, and as often for many rows as for few (architecture §5)."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from discussions.actions import follow as following
from discussions.actions.post import accept_answer, thank_post
from discussions.models import FollowLevel, Topic, TopicKind, forget_visible_spaces
from members.models import Member
from tests.factories import make_member, make_post, make_space, make_topic

pytestmark = pytest.mark.django_db

TOPIC_PAGE, TOPIC_LIST, HOME, PEOPLE = 10, 8, 12, 9


def queries(client, url: str) -> int:
    """Of a visit that is not the first one of the process: templates and statements are compiled by then."""
    client.get(url)
    with CaptureQueriesContext(
        connection,
    ) as captured:
        response = client.get(url)
    assert response.status_code == 200
    return len(captured)


def grow(topic: Topic, count: int, *, authors: int = 5) -> None:
    """Replies of several people, some of them answering each other, thanked and edited as they come."""
    people = [make_member() for _author in range(authors)]
    last = None
    for number in range(count):
        last = make_post(topic=topic, by=people[number % authors], reply_to=last if number % 3 else None)
        thank_post(last, by=people[(number + 1) % authors])


def follow(topic: Topic, member: Member) -> None:
    # Spaces that were opened since this member was loaded.
    forget_visible_spaces(member)
    following.follow(topic, FollowLevel.EVERYTHING, by=member)


def test_a_topic_page_asks_as_often_for_twenty_posts_as_for_two(web, member):
    small, large = make_topic(tags=["one"]), make_topic(tags=["one", "two", "three"], kind=TopicKind.QUESTION)
    grow(small, 1)
    grow(large, 19)
    accept_answer(large.posts.get(number=5), by=large.author)
    of_two, of_twenty = (
        queries(web, f"{small.get_absolute_url()}?page=1"),
        queries(web, f"{large.get_absolute_url()}?page=1"),
    )
    assert of_two == of_twenty <= TOPIC_PAGE


def test_the_visit_that_marks_as_read_is_within_the_budget_too(web, member):
    topic = make_topic()
    grow(topic, 3)
    queries(web, make_topic().get_absolute_url())
    with CaptureQueriesContext(connection) as captured:
        web.get(topic.get_absolute_url())
    marks = [
        query["sql"]
        for query in captured
        if "discussions_readstate" in query["sql"] and "INSERT" in query["sql"]
    ]
    assert len(marks) == 1
    assert len(captured) <= TOPIC_PAGE


def test_a_late_page_asks_as_often_as_the_first(web, member):
    topic = make_topic()
    grow(topic, 44)
    counts = {page: queries(web, f"{topic.get_absolute_url()}?page={page}") for page in (1, 2, 3)}
    assert set(counts.values()) == {counts[1]}


@pytest.mark.parametrize("role", ["member", "expert", "moderator", "manager"])
def test_rights_are_resolved_once_whatever_the_role(sign_in, role):
    topic = make_topic(kind=TopicKind.QUESTION)
    grow(topic, 12)
    assert queries(sign_in(role), topic.get_absolute_url()) <= TOPIC_PAGE


def test_a_topic_list_asks_as_often_for_thirty_topics_as_for_two(web, member):
    few, many = make_space(), make_space()
    for space, count in ((few, 2), (many, 31)):
        for number in range(count):
            topic = make_topic(space=space, tags=["one", "two"], kind=TopicKind.QUESTION)
            if number % 5 == 0:
                grow(topic, 2)
                follow(topic, member)
        Topic.objects.filter(pk=space.topics.earliest("pk").pk).update(pinned_at=timezone.now())
    of_two, of_thirty = queries(web, few.get_absolute_url()), queries(web, many.get_absolute_url())
    assert of_two == of_thirty <= TOPIC_LIST


def test_home_the_spaces_and_a_tag_stay_within_their_budgets_as_they_fill(web, member):
    urls = {"/": HOME, "/spaces/": TOPIC_LIST, "/tags/one/": TOPIC_LIST}
    make_topic(tags=["one"])
    before = {url: queries(web, url) for url in urls}
    for _topic in range(12):
        topic = make_topic(tags=["one", "two"], kind=TopicKind.QUESTION)
        follow(topic, member)
        grow(topic, 2)
    after = {url: queries(web, url) for url in urls}
    assert after == before
    assert all(after[url] <= most for url, most in urls.items())


def test_search_and_people_ask_as_often_for_many_rows(web, member):
    author = make_member("Ann Author")
    urls = ("/search/?q=heron", "/members/", f"/members/{author.handle}/", f"/members/{author.handle}/posts/")
    topic = make_topic(by=author, body="A heron.")
    make_post(topic=topic, by=author, body="Another heron.")
    before = {url: queries(web, url) for url in urls}
    for number in range(8):
        other = make_topic(by=author, body=f"Heron number {number}.")
        make_post(
            topic=other,
            by=author,
            body=f"Reply on heron {number}.",
            at=timezone.now() + timedelta(seconds=number),
        )
        make_member()
    assert {url: queries(web, url) for url in urls} == before
    assert max(before.values()) <= PEOPLE
