"""Acts on the drill's database from a process of its own: `python -m tests.drills.actor VERB …`.

`people` makes a member with a password, a space and a topic; `topics N` starts topics; `die` starts one and kills
itself after the commit, before anything could be queued; `followers N` lets so many members follow the space;
`sweep` sweeps once,
`ask-for-sweep` queues what beat would.
"""

import os
import signal
import sys

import django

django.setup()

from django.db import transaction  # noqa: E402
from django.utils import timezone  # noqa: E402

from community.core import activity, broker  # noqa: E402
from discussions.models import Follow, Space  # noqa: E402
from members.models import Member, Role  # noqa: E402
from tests.factories import PASSWORD, make_member, make_space, make_topic  # noqa: E402

# On a machine full of tests a healthy Redis may take its time; what a slow one costs is measured in test_redis.py.
broker.IMPATIENT.update(socket_timeout=20, socket_connect_timeout=20)
broker.SLOW_SECONDS = 20


def main(verb: str, *arguments: str) -> None:
    if verb == "people":
        member = make_member("Drill Member", email="drill@example.org", password=PASSWORD)
        topic = make_topic(space=make_space(slug="drill"), by=member)
        sys.stdout.write(f"{topic.pk}\n")
    elif verb == "topics":
        for _number in range(int(arguments[0])):
            sys.stdout.write(f"{start_topic()}\n")
    elif verb == "die":
        # Where the message would be queued: committed, and not yet said to anybody.
        activity.enqueue = lambda *_arguments: os.kill(os.getpid(), signal.SIGKILL)
        start_topic()
    elif verb == "followers":
        follow_drill(int(arguments[0]))
    elif verb == "sweep":
        sys.stdout.write(f"{activity.sweep_activity()}\n")
    elif verb == "ask-for-sweep":
        assert activity.enqueue(activity.sweep_activity)


def follow_drill(count: int) -> None:
    """So many members who want to hear of everything in the space."""
    number = Member.objects.count()
    members = Member.objects.bulk_create(
        Member(handle=f"follower{number + one}", display_name=f"Follower {one}", joined_at=timezone.now())
        for one in range(count)
    )
    Role.objects.bulk_create(Role(member=member, role="member", from_at=timezone.now()) for member in members)
    space = Space.objects.get(slug="drill")
    Follow.objects.bulk_create(
        Follow(
            member=member,
            space=space,
            level="everything",
            reason="chosen",
            created_at=timezone.now(),
        )
        for member in members
    )


def start_topic() -> int:
    with transaction.atomic():
        return make_topic(
            space=Space.objects.get(slug="drill"), by=Member.objects.get(email="drill@example.org")
        ).pk


main(*sys.argv[1:])
