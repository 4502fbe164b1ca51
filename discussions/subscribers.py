"""What `discussions` does by itself when something has happened."""

from community.core.activity import on
from community.core.models import Activity
from community.core.verbs import Verb
from discussions.actions.topic import follow_by_itself
from discussions.models import FollowReason


@on(Verb.TOPIC_CREATED)
def follow_what_one_started(activity: Activity) -> None:
    if activity.actor_id is not None:
        follow_by_itself(activity.target_id, activity.actor_id, FollowReason.STARTED)


@on(Verb.POST_CREATED)
def follow_what_one_replied_to(activity: Activity) -> None:
    if activity.actor_id is not None:
        follow_by_itself(activity.data["topic_id"], activity.actor_id, FollowReason.REPLIED)
