"""The factories themselves: a wrong cast would make every other test a lie."""

import pytest

from discussions.models import Space, SpacePreset, visible_space_ids
from tests.factories import make_member, make_post, make_space, make_topic

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("preset", SpacePreset.values)
def test_a_topic_and_a_reply_can_be_made_in_every_kind_of_space(preset):
    topic = make_topic(space=make_space(preset=preset))
    assert make_post(topic=topic).number == 2


def test_listing_is_what_opens_a_confidential_room(manager):
    listed = make_member()
    space = make_space(preset="confidential", members=[listed])
    assert space.pk in visible_space_ids(listed)
    assert not Space.objects.visible_to(manager).filter(pk=space.pk).exists()
