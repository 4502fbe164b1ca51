"""What stands beside the words of an author: their photo, and their label where the topic is about it."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from members.actions.expertise import end_expertise, grant_expertise
from members.actions.photo import change_photo
from tests.factories import make_picture, make_post, make_space, make_topic

pytestmark = pytest.mark.django_db


def page(web, topic):
    return web.get(topic.get_absolute_url()).content.decode()


def test_a_label_stands_beside_the_name_where_the_topic_is_about_it(web, expert, manager):
    label = grant_expertise(expert, topic="pricing", evidence="Talks", by=manager)
    grant_expertise(expert, topic="audits", evidence="Talks", by=manager)
    space = make_space()
    about = make_topic(space=space, by=expert, tags=["Pricing"])
    other = make_topic(space=space, by=expert, tags=["logistics"])
    assert "Expert in pricing" in page(web, about)
    assert "Expert in" not in page(web, other)
    assert "Expert in" not in page(web, make_topic(space=space, by=expert))
    end_expertise(label, by=manager)
    assert "Expert in" not in page(web, about)


def test_photos_and_labels_cost_no_query(web, member, expert, manager):
    topic = make_topic(space=make_space(), by=member, tags=["pricing"])
    make_post(topic=topic, by=expert)
    page(web, topic)
    with CaptureQueriesContext(connection) as without:
        page(web, topic)
    photo = change_photo(expert, make_picture(), by=expert)
    grant_expertise(expert, topic="pricing", evidence="Talks", by=manager)
    with CaptureQueriesContext(connection) as captured:
        html = page(web, topic)
    assert len(captured) == len(without)
    assert f'src="{reverse("photo_show", args=[photo.name, 96])}"' in html
    assert "Expert in pricing" in html
