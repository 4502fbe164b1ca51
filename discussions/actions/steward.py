"""Who looks after a space, who asks to be listed in it, and what it asks of its topics."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from community.core.activity import record
from community.core.errors import Conflict, Invalid, Refused
from community.core.models import Audience
from community.core.permissions import require
from community.core.text import MAX_SOURCE, clean_line, clean_source
from community.core.verbs import Verb
from discussions.actions.space import add_space_member
from discussions.models import (
    Space,
    SpacePreset,
    SpaceRequest,
    SpaceRules,
    SpaceSteward,
    StewardPower,
    StewardProposal,
    TopicKind,
    TopicTemplate,
    forget_visible_spaces,
    visible_space_ids,
)
from discussions.permissions import (
    can_ask_for_space,
    can_manage_space,
    can_propose_steward,
    can_settle_space,
)
from discussions.quality import QualityRules, Rule
from members.models import Member

REQUEST_LENGTH = 500
MOST_LEAST_LENGTH = 2_000
MOST_LEAST_WORDS = 100
MOST_LINKS = 20


@dataclass(frozen=True, slots=True)
class Rules:
    """What a space asks of a topic: characters of a question's text, a tag, a look at what is there already."""

    least_length: int = 0
    needs_tag: bool = False
    look_first: bool = False


@transaction.atomic
def settle_space(
    space: Space,
    *,
    by: Member | None,
    rules: Rules,
    templates: Mapping[TopicKind, str],
    takes_requests: bool,
) -> Space:
    """Rules 3.1 and 8.3: what a space asks of topics, what stands in the composer, and whether it can be asked for.

    `by` is None for the demo. Raises `Invalid` for a length out of range, or for requests to a space that is not
    private: an open one needs none, and a hidden one is never named.
    """
    if by is not None:
        require(can_settle_space(by, space))
    space = Space.objects.select_for_update().get(pk=space.pk)
    _check(space, rules, takes_requests=takes_requests)
    wanted = {str(kind): clean_source(source)[:MAX_SOURCE] for kind, source in templates.items()}
    wanted = {kind: source for kind, source in wanted.items() if source.strip()}
    changed = []
    if space.takes_requests != takes_requests:
        space.takes_requests = takes_requests
        space.save(update_fields=["takes_requests"])
        changed.append("takes_requests")
    before = SpaceRules.objects.filter(space=space).first() or SpaceRules(space=space)
    if Rules(before.least_length, before.needs_tag, before.look_first) != rules:
        SpaceRules.objects.update_or_create(
            space=space,
            defaults={
                "least_length": rules.least_length,
                "needs_tag": rules.needs_tag,
                "look_first": rules.look_first,
            },
        )
        changed.append("rules")
    if dict(space.templates.values_list("kind", "source")) != wanted:
        space.templates.all().delete()
        TopicTemplate.objects.bulk_create(
            [TopicTemplate(space=space, kind=kind, source=source) for kind, source in wanted.items()]
        )
        changed.append("templates")
    if changed:
        record(
            Verb.SPACE_EDITED, by=by, target=space, audience=Audience.STAFF, space_id=space.pk, fields=changed
        )
    return space


@transaction.atomic
def name_steward(
    space: Space,
    member: Member,
    *,
    by: Member | None,
    until: datetime | None = None,
    at: datetime | None = None,
    powers: Collection[StewardPower] = tuple(StewardPower),
) -> SpaceSteward:
    """Rule 8.4: somebody looks after this space with these powers, until a day or until further notice.

    Again to change the day or the powers; whoever stood in for somebody is a steward by themselves then. Whoever is to
    look after a space that does not open to them is listed in it. `by` is None for the demo.
    """
    if by is not None:
        require(can_manage_space(by, space))
    _check_end(until)
    if not powers:
        sentence = _("Choose at least one power.")
        raise Invalid(sentence, fields={"powers": [sentence]})
    if not member.is_admitted:
        raise Invalid(_("Only members look after a space."), fields={"who": [_("Choose a member.")]})
    forget_visible_spaces(member)
    if space.pk not in visible_space_ids(member):
        add_space_member(space, member, by=by, at=at)
    given = [power.value for power in StewardPower if power in powers]
    row, _is_new = SpaceSteward.objects.update_or_create(
        space=space,
        member=member,
        defaults={"until": until, "powers": given, "stands_in_for": None},
        create_defaults={
            "until": until,
            "powers": given,
            "granted_by": by,
            "created_at": at or timezone.now(),
            "from_at": at or timezone.now(),
        },
    )
    # Whoever stands in for them has what they have.
    SpaceSteward.objects.filter(stands_in_for=row).update(powers=given)
    forget_visible_spaces(member)
    record(
        Verb.STEWARD_NAMED,
        by=by,
        at=at,
        target=space,
        audience=Audience.MEMBER,
        counterpart_id=member.pk,
        space_id=space.pk,
        until=until.isoformat() if until else None,
        powers=given,
    )
    return row


@transaction.atomic
def name_stand_in(
    space: Space, member: Member, *, by: Member, until: datetime, from_at: datetime | None = None
) -> SpaceSteward:
    """Rule 8.4: while a steward is away, somebody has their powers, from now or from a day, until a day.

    The steward says who; again to change the days. Raises `Refused` for who looks after nothing here, `Conflict` where
    the other one looks after the space already, `Invalid` for somebody who does not read it.
    """
    mine = SpaceSteward.objects.current().filter(space=space, member=by, stands_in_for__isnull=True).first()
    if mine is None:
        raise Refused(_("Stewards say who stands in for them. Ask a community manager to name you."))
    _check_end(until)
    starts = from_at or timezone.now()
    if starts >= until:
        sentence = _("The end lies behind the beginning.")
        raise Invalid(sentence, fields={"until": [sentence]})
    forget_visible_spaces(member)
    if member.pk == by.pk or space.pk not in visible_space_ids(member):
        raise Invalid(
            _("Choose somebody else who reads this space."),
            fields={"who": [_("Choose somebody who reads it.")]},
        )
    there = SpaceSteward.objects.select_for_update().filter(space=space, member=member).first()
    if there is not None and there.stands_in_for_id != mine.pk:
        raise Conflict(_("{name} looks after this space already.").format(name=member.display_name))
    row, _is_new = SpaceSteward.objects.update_or_create(
        space=space,
        member=member,
        defaults={
            "powers": mine.powers,
            "stands_in_for": mine,
            "granted_by": by,
            "from_at": starts,
            "until": min(until, mine.until) if mine.until else until,
        },
    )
    forget_visible_spaces(member)
    record(
        Verb.STEWARD_NAMED,
        by=by,
        target=space,
        audience=Audience.MEMBER,
        counterpart_id=member.pk,
        space_id=space.pk,
        until=until.isoformat(),
        powers=mine.powers,
    )
    return row


@transaction.atomic
def propose_steward(space: Space, member: Member, *, by: Member, words: str = "") -> StewardProposal:
    """Rule 8.4: a member says who could look after this space; proposing again changes the words.

    Raises `Conflict` for somebody who does so already, `Invalid` for who does not read the space.
    """
    require(can_propose_steward(by, space))
    forget_visible_spaces(member)
    if space.pk not in visible_space_ids(member):
        raise Invalid(
            _("Choose somebody who reads this space."), fields={"who": [_("Choose somebody who reads it.")]}
        )
    if SpaceSteward.objects.current().filter(space=space, member=member).exists():
        raise Conflict(_("{name} looks after this space already.").format(name=member.display_name))
    row, is_new = StewardProposal.objects.update_or_create(
        space=space,
        member=member,
        decided_at=None,
        defaults={"words": clean_line(words)[:REQUEST_LENGTH]},
        create_defaults={"words": clean_line(words)[:REQUEST_LENGTH], "proposed_by": by},
    )
    if is_new:
        record(
            Verb.STEWARD_PROPOSED,
            by=by,
            target=space,
            audience=Audience.STAFF,
            counterpart_id=member.pk if member.pk != by.pk else None,
            space_id=space.pk,
        )
    return row


@transaction.atomic
def decide_proposal(proposal: StewardProposal, *, by: Member, is_named: bool) -> StewardProposal:
    """Name them with all powers, or not. Raises `Conflict` where somebody has decided already."""
    proposal = StewardProposal.objects.select_for_update().get(pk=proposal.pk)
    require(can_manage_space(by, proposal.space))
    if proposal.decided_at is not None:
        raise Conflict(_("Somebody has decided this already."))
    proposal.decided_at, proposal.decided_by, proposal.is_named = timezone.now(), by, is_named
    proposal.save(update_fields=["decided_at", "decided_by", "is_named"])
    if is_named:
        name_steward(proposal.space, proposal.member, by=by)
    record(
        Verb.STEWARD_PROPOSAL_DECIDED,
        by=by,
        target=proposal.space,
        audience=Audience.MEMBER,
        counterpart_id=proposal.proposed_by_id,
        space_id=proposal.space_id,
        is_named=is_named,
    )
    return proposal


@transaction.atomic
def settle_quality(space: Space, *, by: Member | None, rules: QualityRules) -> Space:
    """Rule 8.3: what the space asks of the words themselves. `by` is None for the demo. Raises `Invalid` for measures
    out of range."""
    if by is not None:
        require(can_settle_space(by, space))
    for name, value, most in (
        ("least_words", rules.least_words, MOST_LEAST_WORDS),
        ("most_links", rules.most_links, MOST_LINKS),
    ):
        if not 0 <= value <= most:
            sentence = _("Between 0 and {most}.").format(most=most)
            raise Invalid(sentence, fields={name: [sentence]})
    space = Space.objects.select_for_update().get(pk=space.pk)
    before = SpaceRules.objects.filter(space=space).first() or SpaceRules(space=space)
    if before.quality != rules:
        values = {rule.value: rules.outcome_of(rule).value for rule in Rule}
        SpaceRules.objects.update_or_create(
            space=space,
            defaults=values | {"least_words": rules.least_words, "most_links": rules.most_links},
        )
        record(
            Verb.SPACE_EDITED,
            by=by,
            target=space,
            audience=Audience.STAFF,
            space_id=space.pk,
            fields=["quality"],
        )
    return space


@transaction.atomic
def end_steward(space: Space, member: Member, *, by: Member) -> None:
    """Somebody looks after the space no longer; they can give it up themselves. Without one nothing changes."""
    mine = SpaceSteward.objects.filter(space=space, member=member, stands_in_for__member=by)
    # A steward ends what they asked somebody to do for them.
    if by.pk != member.pk and not mine.exists():
        require(can_manage_space(by, space))
    deleted, _by_model = SpaceSteward.objects.filter(space=space, member=member).delete()
    if deleted:
        forget_visible_spaces(member)
        record(
            Verb.STEWARD_ENDED,
            by=by,
            target=space,
            audience=Audience.MEMBER,
            counterpart_id=member.pk,
            space_id=space.pk,
        )


@transaction.atomic
def request_space(space: Space, *, by: Member, words: str = "") -> SpaceRequest:
    """Ask to be listed in a private space. Asking again while it is open changes the words."""
    require(can_ask_for_space(by, space))
    row, is_new = SpaceRequest.objects.update_or_create(
        space=space,
        member=by,
        decided_at=None,
        defaults={"words": clean_line(words)[:REQUEST_LENGTH]},
    )
    if is_new:
        record(Verb.SPACE_REQUESTED, by=by, target=space, audience=Audience.STAFF, space_id=space.pk)
    return row


@transaction.atomic
def decide_request(request: SpaceRequest, *, by: Member, is_listed: bool) -> SpaceRequest:
    """List the person or not. Raises `Conflict` where somebody has decided already."""
    request = SpaceRequest.objects.select_for_update().get(pk=request.pk)
    require(can_settle_space(by, request.space))
    if request.decided_at is not None:
        raise Conflict(_("Somebody has decided this already."))
    request.decided_at, request.decided_by, request.is_listed = timezone.now(), by, is_listed
    request.save(update_fields=["decided_at", "decided_by", "is_listed"])
    if is_listed:
        add_space_member(request.space, request.member, by=by)
    record(
        Verb.SPACE_REQUEST_DECIDED,
        by=by,
        target=request.space,
        audience=Audience.MEMBER,
        counterpart_id=request.member_id,
        space_id=request.space_id,
        is_listed=is_listed,
    )
    return request


@transaction.atomic
def archive_space(space: Space, *, by: Member) -> Space:
    """From now on it is read, and nothing new is written. Raises `Conflict` where it is archived."""
    require(can_manage_space(by, space))
    space = Space.objects.select_for_update().get(pk=space.pk)
    if space.archived_at is not None:
        raise Conflict(_("This space is archived already."))
    space.archived_at = timezone.now()
    space.save(update_fields=["archived_at"])
    record(Verb.SPACE_ARCHIVED, by=by, target=space, audience=Audience.SPACE, space_id=space.pk)
    return space


@transaction.atomic
def reopen_space(space: Space, *, by: Member) -> Space:
    """Take a space out of the archive. Raises `Conflict` where it is not in it."""
    require(can_manage_space(by, space))
    space = Space.objects.select_for_update().get(pk=space.pk)
    if space.archived_at is None:
        raise Conflict(_("This space is not archived."))
    space.archived_at = None
    space.save(update_fields=["archived_at"])
    record(Verb.SPACE_REOPENED, by=by, target=space, audience=Audience.SPACE, space_id=space.pk)
    return space


def _check(space: Space, rules: Rules, *, takes_requests: bool) -> None:
    if not 0 <= rules.least_length <= MOST_LEAST_LENGTH:
        sentence = _("Between 0 and {most} characters.").format(most=MOST_LEAST_LENGTH)
        raise Invalid(sentence, fields={"least_length": [sentence]})
    if takes_requests and space.preset != SpacePreset.PRIVATE:
        sentence = _("Only a private space can be asked for: the others are open, or never named.")
        raise Invalid(sentence, fields={"takes_requests": [sentence]})


def _check_end(until: datetime | None) -> None:
    if until is not None and until <= timezone.now():
        sentence = _("The end lies ahead, or is left out.")
        raise Invalid(sentence, fields={"until": [sentence]})
