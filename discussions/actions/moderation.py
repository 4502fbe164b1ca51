"""Deciding what waits in the queue, and taking a decision back (rule 8.2). How things come there is in `case.py`."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from community.core.activity import record
from community.core.errors import Conflict, Invalid
from community.core.models import Audience
from community.core.permissions import require
from community.core.text import (
    ATTACHMENT_ADDRESS,
    RENDERER_VERSION,
    Prose,
    SourceFormat,
    clean_source,
    render,
    required_words,
)
from community.core.verbs import Verb
from discussions.actions.attachment import claim_attachments
from discussions.actions.case import check_version, decided_already, held_context, lock_case
from discussions.actions.hiding import hide_thing, show_thing
from discussions.actions.post import put_post_entry
from discussions.actions.rearrange import move_topic
from discussions.actions.sanction import SHORTEST_QUIET, quiet_member, warn_member
from discussions.actions.submission import judge_words, release_held
from discussions.actions.topic import clean_prose, clean_title, put_mentions
from discussions.mentions import name_members
from discussions.models import (
    RULING_WORDS_LENGTH,
    UNDO_WITHIN,
    Attachment,
    Case,
    CaseKind,
    CaseState,
    HeldPost,
    Post,
    PostRevision,
    Ruling,
    RulingAct,
    Space,
    Topic,
)
from discussions.permissions import can_answer_case, can_rule, can_take_part_in_ruling
from members.actions.standing import decide_appeal, end_sanction, lift_suspension, suspend_member
from members.models import Appeal, Member, Sanction, Suspension

_CONTENT: Final = (RulingAct.KEEP, RulingAct.RETURN, RulingAct.EDIT, RulingAct.HIDE)
_PERSON: Final = (RulingAct.WARN, RulingAct.QUIET, RulingAct.SUSPEND)
ACTS_OF: Final = {
    CaseKind.POST: (*_CONTENT, *_PERSON),
    CaseKind.TOPIC: (*_CONTENT, RulingAct.MOVE, *_PERSON),
    CaseKind.HELD: (*_CONTENT, RulingAct.MOVE, *_PERSON),
    CaseKind.MESSAGE: (RulingAct.KEEP, RulingAct.HIDE, *_PERSON),
    CaseKind.MEMBER: (RulingAct.KEEP, RulingAct.HIDE, *_PERSON),
    CaseKind.APPEAL: (RulingAct.GRANT, RulingAct.REFUSE),
}
#: Whoever is decided about reads why.
NEEDS_WORDS: Final = frozenset(RulingAct) - {RulingAct.KEEP, RulingAct.MOVE}


@dataclass(frozen=True, slots=True)
class Terms:
    """What a decision says beside its kind: words for the author, changed prose, where to, until when."""

    words: str = ""
    prose: Prose | None = None
    space: Space | None = None
    until: datetime | None = None


def acts_of(case: Case) -> list[RulingAct]:
    """What can be decided about it as it stands."""
    acts = list(ACTS_OF[CaseKind(case.kind)])
    if case.about_id is None:
        acts = [act for act in acts if act not in {RulingAct.RETURN, *_PERSON}]
    if case.state == CaseState.RETURNED:
        acts = [act for act in acts if act not in {RulingAct.RETURN, RulingAct.EDIT}]
    if case.kind == CaseKind.HELD and RulingAct.MOVE in acts and _is_held_reply(case):
        acts.remove(RulingAct.MOVE)
    return acts


@transaction.atomic
def rule_case(case: Case, act: RulingAct, *, by: Member, version: int | None, terms: Terms = Terms()) -> Case:
    """Decide. `version` is the one that was read: raises `Conflict` where somebody changed or decided it since.

    Words for the author are asked for everything but keeping and moving (`Invalid`). What warns, quietens or suspends
    hides the thing as well. Raises `Refused` for what is one's own, lies outside of one's powers, or is an appeal
    against what one imposed.
    """
    case = lock_case(case)
    require(can_rule(by, case))
    if case.state == CaseState.DECIDED:
        raise Conflict(decided_already(case))
    check_version(case, version)
    if act not in acts_of(case):
        raise Conflict(_("This cannot be decided about it as it stands. Choose something else."))
    require(can_take_part_in_ruling(by, case, act))
    words = clean_source(terms.words).strip()
    if act in NEEDS_WORDS:
        words = required_words(
            terms.words, field="words", longest=RULING_WORDS_LENGTH, missing=_("They need to know why.")
        )
    data = {"was_hidden": case.is_hidden, "was": case.state, **_DO[act](case, by, terms, words)}
    now = timezone.now()
    Ruling.objects.create(
        case=case, act=act, by=by, at=now, words=words[:RULING_WORDS_LENGTH], version=case.version, data=data
    )
    case.version += 1
    case.state = CaseState.RETURNED if act == RulingAct.RETURN else CaseState.DECIDED
    case.decided_at = None if act == RulingAct.RETURN else now
    case.returned_words = words if act == RulingAct.RETURN else ""
    case.answered_at = None
    case.owner, case.taken_at = by, case.taken_at or now
    case.save()
    record(
        Verb.CASE_RULED,
        by=by,
        target=case,
        audience=Audience.STAFF,
        counterpart_id=case.about_id,
        space_id=case.space_id,
        ruling=str(act),
        kind=str(case.kind),
        in_time=now <= case.due_at,
    )
    return case


@transaction.atomic
def answer_case(case: Case, *, by: Member, prose: Prose, version: int, title: str = "") -> Case:
    """The author sends again what was returned, with changed words: it waits in the queue, with the same owner.

    Raises `Conflict` where it does not lie with its author (any more), `Invalid` for words that cannot be taken.
    """
    case = lock_case(case)
    require(can_answer_case(by, case))
    if case.state != CaseState.RETURNED:
        raise Conflict(_("This does not wait for you. A moderator looks at it, or has decided."))
    check_version(case, version)
    prose = clean_prose(prose)
    if case.kind == CaseKind.HELD:
        held = HeldPost.objects.select_for_update().get(pk=case.target_id)
        if held.topic_id is None and title:
            held.title = case.title = clean_title(title)
        _rewrite_held(held, prose)
        held.rules = case.rules = judge_words(
            held.space_id, prose, by=by, is_reply=held.topic_id is not None
        ).rules
        held.save()
        case.context = held_context(held)
    else:
        post = _post_of(case)
        returned = case.rulings.filter(act=RulingAct.RETURN, undone_at__isnull=True).order_by("-id").first()
        taken = _take_out(post, prose)
        if returned is not None:
            returned.data = {
                **returned.data,
                **{name: [*returned.data.get(name, []), *rows] for name, rows in taken.items()},
            }
            returned.save(update_fields=["data"])
        _rewrite(post, prose, by=by, reason=_("Changed after a moderator's word"))
    now = timezone.now()
    case.state, case.answered_at = CaseState.OPEN, now
    case.due_at = now + timedelta(hours=24)
    case.version += 1
    case.save()
    record(Verb.CASE_ANSWERED, by=by, target=case, audience=Audience.STAFF, space_id=case.space_id)
    return case


@transaction.atomic
def undo_ruling(case: Case, *, by: Member, version: int | None) -> Case:
    """Take the latest decision back: what it hid comes back, what it imposed is lifted, and the case waits again.

    Raises `Conflict` where there is nothing to undo, after 30 days, and where it was decided on an appeal.
    """
    case = lock_case(case)
    require(can_rule(by, case))
    check_version(case, version)
    ruling = Ruling.objects.filter(case=case, undone_at__isnull=True).order_by("-id").first()
    if ruling is None or case.state == CaseState.OPEN:
        raise Conflict(_("There is no decision to take back."))
    if case.kind == CaseKind.APPEAL:
        raise Conflict(_("An appeal is decided once. Lift or impose anew what it was about."))
    if timezone.now() - ruling.at > UNDO_WITHIN:
        raise Conflict(_("A decision can be taken back for 30 days. Decide anew what has to change."))
    _undo(case, ruling, by=by)
    ruling.undone_at, ruling.undone_by = timezone.now(), by
    ruling.save(update_fields=["undone_at", "undone_by"])
    case.state = CaseState(ruling.data.get("was", CaseState.OPEN))
    case.decided_at, case.returned_words = None, ""
    if case.state == CaseState.RETURNED:
        case.state = CaseState.OPEN
    case.version += 1
    case.save()
    record(
        Verb.RULING_UNDONE,
        by=by,
        target=case,
        audience=Audience.STAFF,
        counterpart_id=case.about_id,
        space_id=case.space_id,
        ruling=ruling.act,
        kind=str(case.kind),
    )
    return case


# --- what each decision does ------------------------------------------------------------------------------------


def _keep(case: Case, by: Member, _terms: Terms, _words: str) -> dict[str, Any]:
    """It stands: what was hidden comes back, what was held is posted."""
    if case.kind == CaseKind.HELD:
        post = release_held(_held_of(case), by=by)
        return {"post": post.pk}
    _show(case, by)
    return {}


def _return(case: Case, by: Member, _terms: Terms, _words: str) -> dict[str, Any]:
    """Out of sight, and with its author. The words as they were stay with the decision."""
    _hide(case, by)
    if case.kind == CaseKind.HELD:
        return {}
    post = _post_of(case)
    return {"returned": {"source": post.source, "format": post.source_format}}


def _edit(case: Case, by: Member, terms: Terms, words: str) -> dict[str, Any]:
    """The moderator's own change: readers see that there was one and why, and the author is told."""
    if terms.prose is None:
        raise Invalid(_("Change the words first."), fields={"body": [_("Change the words first.")]})
    prose = clean_prose(terms.prose)
    if case.kind == CaseKind.HELD:
        held = _held_of(case)
        before = {"source": held.source, "format": held.source_format}
        _rewrite_held(held, prose)
        held.save()
        return {"post": release_held(held, by=by).pk, "before": before}
    _show(case, by)
    post = _post_of(case)
    before = {"source": post.source, "format": post.source_format}
    taken = _take_out(post, prose)
    _rewrite(post, prose, by=by, reason=words)
    return {"before": before, **taken}


def _hide_for_good(case: Case, by: Member, _terms: Terms, _words: str) -> dict[str, Any]:
    _hide(case, by)
    return {}


def _move(case: Case, by: Member, terms: Terms, words: str) -> dict[str, Any]:
    """To another space, and there it stands."""
    if terms.space is None:
        raise Invalid(_("Choose a space."), fields={"space": [_("Choose a space.")]})
    before = case.space_id
    if case.kind == CaseKind.HELD:
        held = _held_of(case)
        held.space = case.space = terms.space
        held.save(update_fields=["space"])
        return {"post": release_held(held, by=by).pk, "from_space": before}
    _show(case, by)
    move_topic(Topic.objects.get(pk=case.target_id), terms.space, by=by, reason=words[:300])
    case.space = terms.space
    return {"from_space": before}


def _warn(case: Case, by: Member, _terms: Terms, words: str) -> dict[str, Any]:
    _hide(case, by)
    return {"sanction": warn_member(_person(case), by=by, reason=words, space_id=case.space_id).pk}


def _quiet(case: Case, by: Member, terms: Terms, words: str) -> dict[str, Any]:
    _hide(case, by)
    until = terms.until or timezone.now() + SHORTEST_QUIET
    made = quiet_member(_person(case), by=by, reason=words, until=until, space_id=case.space_id)
    return {"sanction": made.pk}


def _suspend(case: Case, by: Member, terms: Terms, words: str) -> dict[str, Any]:
    if terms.until is None:
        raise Invalid(_("Say until when."), fields={"until": [_("Say until when.")]})
    _hide(case, by)
    return {"suspension": suspend_member(_person(case), by=by, reason=words, until=terms.until).pk}


def _grant(case: Case, by: Member, _terms: Terms, words: str) -> dict[str, Any]:
    decide_appeal(Appeal.objects.get(pk=case.target_id), by=by, is_granted=True, reason=words)
    return {}


def _refuse(case: Case, by: Member, _terms: Terms, words: str) -> dict[str, Any]:
    decide_appeal(Appeal.objects.get(pk=case.target_id), by=by, is_granted=False, reason=words)
    return {}


_DO: Final[dict[RulingAct, Callable[[Case, Member, Terms, str], dict[str, Any]]]] = {
    RulingAct.KEEP: _keep,
    RulingAct.RETURN: _return,
    RulingAct.EDIT: _edit,
    RulingAct.HIDE: _hide_for_good,
    RulingAct.MOVE: _move,
    RulingAct.WARN: _warn,
    RulingAct.QUIET: _quiet,
    RulingAct.SUSPEND: _suspend,
    RulingAct.GRANT: _grant,
    RulingAct.REFUSE: _refuse,
}


def _undo(case: Case, ruling: Ruling, *, by: Member) -> None:
    data = ruling.data
    if "sanction" in data:
        sanction = (
            Sanction.objects.select_for_update(of=("self",)).select_related("member").get(pk=data["sanction"])
        )
        if sanction.is_in_force:
            end_sanction(sanction, by=by)
    if "suspension" in data:
        suspension = Suspension.objects.get(pk=data["suspension"])
        if suspension.is_in_force:
            lift_suspension(suspension, by=by)
    if "post" in data:
        # It is posted by now: what waits again is the post itself, out of sight as it was before.
        post = Post.objects.select_related("topic").get(pk=data["post"])
        case.kind, case.target_id = (
            (CaseKind.TOPIC, post.topic_id) if post.number == 1 else (CaseKind.POST, post.pk)
        )
        _hide(case, by)
        return
    if "from_space" in data:
        move_topic(
            Topic.objects.get(pk=case.target_id),
            Space.objects.get(pk=data["from_space"]),
            by=by,
            reason=_("A decision was taken back"),
        )
        case.space_id = data["from_space"]
    if "before" in data:
        before = Prose(data["before"]["source"], SourceFormat(data["before"]["format"]))
        post = _post_of(case)
        _rewrite(post, before, by=by, reason=_("A decision was taken back"))
        PostRevision.objects.bulk_create(
            PostRevision(post=post, **revision) for revision in data.get("revisions", [])
        )
        theirs = Attachment.objects.filter(pk__in=data.get("files", []), uploader=post.author_id)
        theirs.update(uploader=None, post=post)
    if data.get("was_hidden"):
        _hide(case, by)
    else:
        _show(case, by)


def _hide(case: Case, by: Member) -> None:
    if not case.is_hidden and case.kind != CaseKind.HELD:
        case.is_hidden = hide_thing(case.kind, case.target_id, by=by)


def _show(case: Case, by: Member) -> None:
    if case.is_hidden:
        show_thing(case.kind, case.target_id, by=by)
        case.is_hidden = False


def _person(case: Case) -> Member:
    person: Member = Member.objects.with_current_roles().get(pk=case.about_id)
    return person


def _held_of(case: Case) -> HeldPost:
    return (
        HeldPost.objects.select_for_update(of=("self",))
        .select_related("topic__space", "space")
        .get(pk=case.target_id)
    )


def _is_held_reply(case: Case) -> bool:
    return HeldPost.objects.filter(pk=case.target_id, topic__isnull=False).exists()


def _post_of(case: Case) -> Post:
    posts = Post.objects.select_for_update(of=("self",)).select_related("topic__space")
    if case.kind == CaseKind.TOPIC:
        return posts.get(topic=case.target_id, number=1)
    return posts.get(pk=case.target_id)


def _rewrite_held(held: HeldPost, prose: Prose) -> None:
    held.source, held.source_format = prose.source, prose.source_format
    held.html = render(prose.source, prose.source_format).html


def _take_out(post: Post, prose: Prose) -> dict[str, list[Any]]:
    """Before words are replaced in the name of moderation: what readers could find of them is taken away as well.

    Earlier versions go into the decision, files that the new words do not name back to their author. The decision
    keeps both for whoever undoes it.
    """
    revisions = [
        {
            "version": row.version,
            "title": row.title,
            "source": row.source,
            "source_format": row.source_format,
            "edited_by_id": row.edited_by_id,
            "edited_at": row.edited_at.isoformat(),
            "reason": row.reason,
        }
        for row in post.revisions.order_by("version")
    ]
    post.revisions.all().delete()
    named = ATTACHMENT_ADDRESS.findall(render(prose.source, prose.source_format).html)
    unnamed = Attachment.objects.filter(post=post).exclude(name__in=named)
    files = list(unnamed.values_list("pk", flat=True)) if post.author_id is not None else []
    Attachment.objects.filter(pk__in=files).update(uploader=post.author_id, post=None)
    return {"revisions": revisions, "files": files}


def _rewrite(post: Post, prose: Prose, *, by: Member, reason: str) -> None:
    """Other words in the name of moderation. Stewards too: it is a decision about one case, and no right to edit.

    The former words stay with the decision, and not in the history that readers open: they may be what had to go.
    """
    rendered = render(prose.source, prose.source_format)
    named = name_members(rendered.html, by=by, space=post.topic.space)
    post.source, post.source_format = prose.source, prose.source_format
    post.html, post.renderer_version = named.html, RENDERER_VERSION
    post.version += 1
    post.edited_at, post.edit_reason = timezone.now(), reason[:200]
    post.save()
    put_mentions(post, named)
    claim_attachments(rendered.html, by=by, post_id=post.pk)
    if post.hidden_at is None and post.topic.hidden_at is None:
        put_post_entry(post, rendered.plain)
