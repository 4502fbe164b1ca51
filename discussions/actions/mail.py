"""What members do from their mail without coming in: answering, thanking, stopping. Each calls the one action."""

import hashlib

from allauth.account.models import EmailAddress
from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from community.core.errors import DomainError, Invalid
from community.core.inbound import Answer, Outcome, answers
from community.core.mail import queue_mail
from community.core.mail_links import Errand
from community.core.models import MailFeedback, NoticeReason, ReceivedKind
from community.core.notices import stop_digest, stop_reason
from community.core.text import Prose, SourceFormat
from discussions.actions.follow import follow
from discussions.actions.post import thank_post
from discussions.actions.submission import send_post
from discussions.models import FollowLevel, HeldPost, Post, Topic
from discussions.quality import Rule
from members.models import Member

NOT_YOURS = "sender"
GONE = "gone"
TERMS = "terms"


@answers
def post_answer(answer: Answer) -> Outcome:
    """Rule 9.4: make a reply of an answer by mail, as its member and with their rights of this moment.

    Whatever cannot be posted goes back to the member, at the address we know, with every word of it.
    """
    member = Member.objects.with_current_roles().filter(pk=answer.member_id, is_machine=False).first()
    if member is None or not member.is_admitted or not member.email:
        return Outcome(ReceivedKind.UNKNOWN)
    if answer.sender not in _addresses_of(member):
        # An answer is given back to whom the address was made for; a stranger who found it gets no word from us.
        return _give_back(
            member,
            answer,
            NOT_YOURS,
            _(
                "It came from an address that is not one of yours here. Answer from your own, or add that one to your"
                " account."
            ),
        )
    if member.owes_terms_since is not None:
        # Rule 1.10 holds for every way of writing.
        return _give_back(
            member, answer, TERMS, _("There are new terms. Accept them on the page, and answer again.")
        )
    topic = Topic.objects.visible_to(member).select_related("space").filter(pk=answer.topic_id).first()
    if topic is None:
        return _give_back(member, answer, GONE, _("The topic is not open to you any more."))
    try:
        if not answer.text.strip():
            raise Invalid(_("There were no words of your own above what you quoted."))
        # A mail cannot be advised first: what the rules would hold is held, and its author told where it waits.
        post = send_post(
            topic,
            by=member,
            prose=Prose(answer.text, SourceFormat.MARKDOWN),
            idempotency_key="mail-" + _digest(answer.message_id),
            advised=[rule.value for rule in Rule],
        )
    except DomainError as error:
        return _give_back(member, answer, error.code, error.sentence)
    if isinstance(post, HeldPost):
        return Outcome(ReceivedKind.POSTED, member.pk, note="held")
    if answer.has_files:
        _write(
            member,
            answer,
            "mail.files_left_out",
            {"title": topic.title, "url": settings.SITE_URL + post.get_absolute_url()},
        )
    return Outcome(ReceivedKind.POSTED, member.pk, post.pk)


def _addresses_of(member: Member) -> set[str]:
    confirmed = EmailAddress.objects.filter(user=member, verified=True).values_list("email", flat=True)
    return {address.lower() for address in confirmed} | {(member.email or "").lower()}


def _give_back(member: Member, answer: Answer, note: str, sentence: str) -> Outcome:
    _write(
        member,
        answer,
        "mail.answer_refused",
        {"reason": sentence, "text": answer.text, "subject": answer.subject},
    )
    return Outcome(ReceivedKind.REFUSED, member.pk, note=note)


def _write(member: Member, answer: Answer, kind: str, words: dict[str, object]) -> None:
    queue_mail(
        kind,
        key=f"{kind}:{_digest(answer.message_id)}",
        address=member.email or "",
        template=f"mail/{kind.removeprefix('mail.')}.txt",
        words={"name": member.display_name, **words},
        member=member,
    )


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:40]


# --- one tap in a mail ------------------------------------------------------------------------------------------


@transaction.atomic
def stop_by_mail(errand: Errand) -> str:
    """Rule 9.4: end what the link names, whoever presses it and however often. Returns what has ended, in words."""
    member = Member.objects.with_current_roles().filter(pk=errand.member_id).first()
    if member is None:
        return ""
    if errand.what == "digest":
        stop_digest(member, by=member)
        return _("You get no more digests.")
    if errand.what == "topic" and errand.about.isdigit():
        topic = Topic.objects.visible_to(member).filter(pk=int(errand.about)).first()
        if topic is not None:
            follow(topic, FollowLevel.MUTE, by=member)
        return _("You hear nothing more of this topic.")
    if errand.what == "reason" and errand.about in NoticeReason.values:
        stop_reason(member, NoticeReason(errand.about), by=member)
        return _("You get no more mails of this kind. The page of notices goes on showing them.")
    return ""


def stop_about(errand: Errand) -> str:
    """What the link would end, in words; '' for a link that ends nothing any more."""
    if errand.what == "digest":
        return _("The digest")
    if errand.what == "topic" and errand.about.isdigit():
        # The title may be of something that is closed to them by now, and the link may be in other hands.
        return _("Everything about this topic")
    if errand.what == "reason" and errand.about in NoticeReason.values:
        return _("Mails because {reason}").format(reason=NoticeReason(errand.about).label)
    return ""


@transaction.atomic
def act_by_mail(errand: Errand) -> str:
    """Rule 9.6: do what the link says, with the member's rights of this moment. Returns what was done, in words.

    Raises `Invalid` where the thing is gone or closed to the member, and what the action raises.
    """
    member = Member.objects.with_current_roles().filter(pk=errand.member_id).first()
    if member is None or not member.is_admitted:
        raise Invalid(_("This link does nothing any more."))
    if errand.what == "thanks" and errand.about.isdigit():
        posts = Post.objects.visible_to(member).select_related("topic__space", "author")
        post = posts.filter(pk=int(errand.about)).first()
        if post is None:
            raise Invalid(_("The post is not open to you any more."))
        thank_post(post, by=member)
        return _("Your thanks are passed on.")
    if errand.what in {"useful", "not-useful"}:
        MailFeedback.objects.update_or_create(
            member=member, key=errand.about[:60], defaults={"is_useful": errand.what == "useful"}
        )
        return _("Thank you. This helps to send less and better.")
    raise Invalid(_("This link does nothing any more."))


def act_about(errand: Errand) -> str:
    """What the link would do, on its button; nothing of the thing itself, since the link may be in other hands."""
    return {
        "thanks": _("Say thanks for this post"),
        "useful": _("Say that the digest was useful"),
        "not-useful": _("Say that the digest was not useful"),
    }.get(errand.what, "")
