"""Who is told of what waits in the queue, of what was decided, and of a critic: in words, and never who reported."""

from datetime import datetime

from django.db.models import Exists, OuterRef
from django.urls import reverse
from django.utils.translation import gettext as _

from community.core.activity import Target
from community.core.models import NoticeReason
from community.core.notices import notify
from discussions.models import (
    Case,
    CaseKind,
    HeldPost,
    Post,
    Report,
    RulingAct,
    Space,
    SpaceSteward,
    StewardPower,
    Topic,
)
from discussions.models.reader import readers_of
from discussions.permissions import MODERATORS
from members.models import Appeal, Member, Role, RoleName, Sanction, SanctionGrade


def tell_of_case(case: Case, *, at: datetime, by_id: int | None) -> None:
    """Those who can decide it, under one key: one notice until they have looked at the queue."""
    if case.kind == CaseKind.HELD and case.answered_at is None:
        _tell_sender_by_mail(case, at=at)
    people = _holders(*MODERATORS)
    if case.kind == CaseKind.APPEAL:
        people += _holders(RoleName.ADMINISTRATOR)
    if case.space is not None:
        stewards = SpaceSteward.objects.current().filter(
            space=case.space, powers__contains=[StewardPower.QUEUE]
        )
        allowed = readers_of(case.space).filter(pk__in=[*people, *stewards.values_list("member", flat=True)])
        people = list(allowed.values_list("pk", flat=True))
    notify(
        [pk for pk in people if pk != case.about_id],
        reason=NoticeReason.QUEUE,
        key="queue",
        title=_("Something waits in the queue of moderation"),
        url=reverse("case_list"),
        target=case,
        at=at,
        actor_id=by_id,
    )


def tell_of_ruling(case: Case, ruling: RulingAct, *, at: datetime, by_id: int | None) -> None:
    """The author of what was decided about, and those who reported it."""
    if case.about_id is not None and case.kind != CaseKind.APPEAL:
        # A sanction has a notice of its own, with the way to appeal.
        _tell_author(case, ruling, at=at, by_id=by_id)
    reporters = Report.objects.filter(case=case).exclude(reporter=by_id).values_list("reporter", flat=True)
    notify(
        list(reporters),
        reason=NoticeReason.DECIDED,
        key=f"report:{case.pk}",
        title=_("Somebody has looked at what you reported. Thank you."),
        url=reverse("moderation_statistics"),
        target=case,
        at=at,
    )


def tell_of_sanction(sanction: Sanction, *, is_over: bool, at: datetime) -> None:
    """In the notice that something was imposed and where it is read; the reason stands on the page alone."""
    if is_over:
        title = _("A sanction has ended: you can write again")
        if sanction.grade == SanctionGrade.WARNING:
            title = _("A warning was taken back")
    else:
        title = (
            _("You have been warned. Read why, and how to appeal")
            if sanction.grade == SanctionGrade.WARNING
            else _("You are quiet for a while. Read why, until when, and how to appeal")
        )
    _tell_one(sanction.member_id, f"sanction:{sanction.pk}", title, sanction, at)


def tell_of_appeal(appeal: Appeal, *, at: datetime) -> None:
    """The words of whoever decided stand on the page."""
    title = _("Your appeal was granted") if appeal.is_granted else _("Your appeal was refused. Read why")
    _tell_one(appeal.against.member_id, f"appeal:{appeal.pk}", title, appeal.against, at)


def tell_of_proposal(space: Space, *, at: datetime, by_id: int | None) -> None:
    """Those who name stewards."""
    managers = readers_of(space).filter(pk__in=_holders(RoleName.MANAGER)).values_list("pk", flat=True)
    notify(
        list(managers),
        reason=NoticeReason.QUEUE,
        key=f"proposals:{space.pk}",
        title=_("Somebody is proposed as steward of {space}").format(space=space.name)[:200],
        url=reverse("space_people", args=[space.slug]),
        target=space,
        at=at,
        space_id=space.pk,
        actor_id=by_id,
    )


def tell_of_critic(topic: Topic, *, at: datetime, by_id: int | None) -> None:
    """Rule 8.6: managers who read the space, and nobody else."""
    managers = readers_of(topic.space).filter(pk__in=_holders(RoleName.MANAGER)).values_list("pk", flat=True)
    notify(
        list(managers),
        reason=NoticeReason.QUEUE,
        key=f"listen:{topic.pk}",
        title=_("Listen, and answer: {title}").format(title=topic.title)[:200],
        url=topic.get_absolute_url(),
        target=topic,
        at=at,
        space_id=topic.space_id,
        actor_id=by_id,
    )


def _tell_author(case: Case, ruling: RulingAct, *, at: datetime, by_id: int | None) -> None:
    title = _("your profile") if case.kind == CaseKind.MEMBER else case.title or _("what you wrote")
    sentences = {
        RulingAct.RETURN: _("Please change and send again: {title}"),
        RulingAct.EDIT: _("A moderator changed what you wrote: {title}"),
        RulingAct.HIDE: _("A moderator took away what you wrote: {title}"),
        RulingAct.MOVE: _("A moderator moved what you wrote: {title}"),
        RulingAct.KEEP: _("A moderator looked at it, and it stands: {title}"),
    }
    if ruling not in sentences:
        return
    # What was reported and stood all the time is nothing that its author has to hear of.
    was_away = ruling != RulingAct.KEEP or case.kind == CaseKind.HELD or _was_hidden(case)
    if not was_away:
        return
    notify(
        [case.about_id] if case.about_id is not None else [],
        reason=NoticeReason.DECIDED,
        key=f"case:{case.pk}",
        title=sentences[ruling].format(title=title)[:200],
        url=_place_of(case)
        if ruling in {RulingAct.KEEP, RulingAct.EDIT, RulingAct.MOVE}
        else reverse("own_case_list"),
        target=case,
        at=at,
        space_id=case.space_id,
        actor_id=by_id,
        at_once=True,
    )


def _tell_sender_by_mail(case: Case, *, at: datetime) -> None:
    """Whoever sent it on a page was told there; a mail was answered by nobody."""
    held = HeldPost.objects.filter(pk=case.target_id, key__startswith="mail-").first()
    if held is not None:
        notify(
            [held.author_id],
            reason=NoticeReason.DECIDED,
            key=f"case:{case.pk}",
            title=_("A moderator looks at your answer first: {title}").format(title=case.title)[:200],
            url=reverse("own_case_list"),
            target=case,
            at=at,
            space_id=case.space_id,
            at_once=True,
        )


def _place_of(case: Case) -> str:
    """Where what was kept stands now."""
    post: Post | None = None
    match case.kind:
        case CaseKind.HELD:
            held = HeldPost.objects.select_related("posted__topic").filter(pk=case.target_id).first()
            post = held.posted if held is not None else None
        case CaseKind.MEMBER:
            person = Member.objects.filter(pk=case.target_id).first()
            return person.get_absolute_url() if person is not None else reverse("own_case_list")
        case CaseKind.POST:
            post = Post.objects.select_related("topic").filter(pk=case.target_id).first()
        case CaseKind.TOPIC:
            topic = Topic.objects.filter(pk=case.target_id).first()
            return topic.get_absolute_url() if topic is not None else reverse("own_case_list")
    return post.get_absolute_url() if post is not None else reverse("own_case_list")


def _was_hidden(case: Case) -> bool:
    latest = case.rulings.order_by("-id").first()
    return bool(latest is not None and (latest.data.get("was_hidden") or case.rulings.count() > 1))


def _tell_one(member_id: int, key: str, title: str, target: Target, at: datetime) -> None:
    notify(
        [member_id],
        reason=NoticeReason.DECIDED,
        key=key,
        title=title,
        url=reverse("sanction_list"),
        target=target,
        at=at,
        at_once=True,
    )


def _holders(*roles: RoleName) -> list[int]:
    """Who holds one of these roles today, and is here."""
    held = Role.objects.current().filter(member=OuterRef("pk"), role__in=roles)
    return list(
        Member.objects.active().people().filter(Exists(held)).order_by("pk").values_list("pk", flat=True)
    )
