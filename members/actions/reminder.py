"""Reminding those who keep the gate of what is past its time."""

from collections import defaultdict
from typing import Final

from celery import shared_task
from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils import timezone

from community.core.mail import queue_mail
from community.core.moments import Clock
from members.models import Application, Member, Role, RoleName
from members.permissions import can_review_applications

_MOST_IN_A_MAIL: Final = 50
_SATURDAY: Final = 5


@shared_task(name="members.remind_of_overdue")
@transaction.atomic
def remind_of_overdue() -> int:
    """Rule 1.5: one mail a working day to each owner, and to all managers of what nobody owns. Returns how many mails.

    The first run of a day in UTC writes it; what becomes overdue later is in the next day's mail.
    """
    now = timezone.now()
    if now.weekday() >= _SATURDAY:
        return 0
    by_person: dict[Member, list[Application]] = defaultdict(list)
    managers: list[Member] | None = None
    overdue = Application.objects.with_reviewers().filter(due_at__lt=now).select_related("member", "owner")
    for application in overdue.order_by("due_at", "pk")[:500]:
        owner = application.owner
        if owner is not None and owner.email and can_review_applications(owner):
            by_person[owner].append(application)
            continue
        if managers is None:
            managers = _managers()
        for manager in managers:
            if manager.pk != application.member_id:
                by_person[manager].append(application)
    mails = [_remind(person, applications) for person, applications in by_person.items()]
    return sum(mails)


def _remind(person: Member, applications: list[Application]) -> bool:
    now = timezone.now()
    clock = Clock(now)
    mail = queue_mail(
        "application.overdue",
        key=f"application.overdue:{now.date().isoformat()}:{person.pk}",
        address=person.email or "",
        template="members/mail/application_overdue.txt",
        words={
            "name": person.display_name,
            "count": len(applications),
            "rows": [
                {
                    "name": application.member.display_name,
                    "due": "" if application.due_at is None else clock.moment(application.due_at).exact,
                    "url": settings.SITE_URL + application.get_absolute_url(),
                }
                for application in applications[:_MOST_IN_A_MAIL]
            ],
        },
        member=person,
    )
    return mail is not None


def _managers() -> list[Member]:
    """Those who can act: managers, and where there is none, administrators."""
    for role in (RoleName.MANAGER, RoleName.ADMINISTRATOR):
        rows = Role.objects.current().filter(member=OuterRef("pk"), role=role)
        people = [
            person
            for person in Member.objects.active()
            .people()
            .filter(Exists(rows), email__isnull=False)
            .order_by("pk")
            if can_review_applications(person)
        ]
        if people:
            return people
    return []
