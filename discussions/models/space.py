"""Rooms of the community, and the one resolver that says which of them a person may see."""

from collections.abc import Mapping, Sequence
from typing import Any, Self

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Exists, OuterRef, Q, Subquery
from django.db.models.expressions import Combinable
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from community.core.http import address_of
from community.core.places import resolves_spaces
from community.core.statements import Blank, OneOf, Statement
from discussions.quality import Outcome, QualityRules, Rule
from members.models import Member, RoleName


class SpacePreset(models.TextChoices):
    """Rule 3.1. Who may read and who may write follows from the preset and from being listed in the space."""

    OPEN = "open", _("Open to members")
    READ_ONLY = "read_only", _("Read-only")
    PRIVATE = "private", _("Private")
    HIDDEN = "hidden", _("Hidden")
    EXPERTS = "experts", _("Experts only")
    CONFIDENTIAL = "confidential", _("Confidential")


class TopicKind(models.TextChoices):
    DISCUSSION = "discussion", _("Discussion")
    QUESTION = "question", _("Question")
    INTRODUCTION = "introduction", _("Introduction")
    SESSION = "session", _("Ask-me-anything session")
    ANNOUNCEMENT = "announcement", _("Announcement")


def default_topic_kinds() -> list[str]:
    """Introductions stand in one space, so that newcomers are found; a space takes them where it says so."""
    return [TopicKind.DISCUSSION.value, TopicKind.QUESTION.value]


class SpaceQuerySet(models.QuerySet["Space"]):
    def visible_to(self, user: object) -> Self:
        """The one resolver for page, API, search, mail, feed, export and counters.

        Strangers, applicants and deactivated people: nothing. Admitted members: open and read-only spaces, and
        whatever lists them. Experts: expert rooms. Moderators and managers: all but confidential rooms, where
        everybody, staff included, must be listed (rule 3.14). Executives and administrators: as members.
        """
        if not isinstance(user, Member) or not user.is_admitted:
            return self.none()
        return self.open_by(presets_open_to(user), user.pk)

    def requestable(self) -> Self:
        """Private spaces that tell every member their name and purpose, so that they can ask to be listed."""
        return self.filter(takes_requests=True, archived_at__isnull=True)

    def open_by(self, presets: Sequence[str] | Combinable, member_id: int | Combinable) -> Self:
        """Spaces of these presets and those that list this member: what `visible_to` asks in SQL."""
        listed = SpaceMembership.objects.filter(space=OuterRef("pk"), member=member_id)
        return self.filter(OneOf("preset", presets) | Exists(listed))


def presets_open_to(member: Member) -> list[str]:
    """The presets that an admitted member may read without being listed; see `visible_to`."""
    presets = {SpacePreset.OPEN, SpacePreset.READ_ONLY}
    if member.has_role(RoleName.EXPERT):
        presets.add(SpacePreset.EXPERTS)
    if member.has_role(RoleName.MODERATOR, RoleName.MANAGER):
        presets |= {SpacePreset.PRIVATE, SpacePreset.HIDDEN, SpacePreset.EXPERTS}
    return [preset.value for preset in presets]


class Space(models.Model):
    """A room with a purpose. Who may see it is `visible_to` and nothing else."""

    name = models.CharField(max_length=80)
    slug = models.SlugField(max_length=60, unique=True)
    purpose = models.CharField(max_length=300, blank=True)
    preset = models.CharField(max_length=20, choices=SpacePreset, default=SpacePreset.OPEN)
    topic_kinds = ArrayField(models.CharField(max_length=20, choices=TopicKind), default=default_topic_kinds)
    position = models.PositiveSmallIntegerField(default=100)
    created_at = models.DateTimeField(db_default=Now())
    archived_at = models.DateTimeField(null=True, blank=True)
    # Whether a private space tells every member its name and purpose, so that they can ask to be listed.
    takes_requests = models.BooleanField(default=False, db_default=False)

    objects = SpaceQuerySet.as_manager()

    class Meta:
        ordering = ("position", "name")
        constraints = (
            models.CheckConstraint(condition=Q(preset__in=SpacePreset.values), name="space_preset_known"),
            models.CheckConstraint(
                condition=Q(topic_kinds__len__gt=0) & Q(topic_kinds__contained_by=TopicKind.values),
                name="space_topic_kinds_known",
            ),
            # Rule 3.1: a hidden space is never named, and a confidential room is entered by its covenant.
            models.CheckConstraint(
                condition=Q(takes_requests=False) | Q(preset=SpacePreset.PRIVATE),
                name="space_only_private_takes_requests",
            ),
        )

    def __str__(self) -> str:
        return self.name

    @property
    def activity_title(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return f"{address_of('space_show')}{self.slug}/"


class SpaceMembership(models.Model):
    """Being listed in a private, hidden, expert or confidential space."""

    space = models.ForeignKey(Space, on_delete=models.CASCADE, related_name="memberships")
    member = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="space_memberships"
    )
    added_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = (models.UniqueConstraint(fields=["member", "space"], name="space_membership_once"),)

    def __str__(self) -> str:
        return f"{self.member_id} in {self.space_id}"


class StewardPower(models.TextChoices):
    """Rule 8.4: what a steward may do in the space, each given by itself."""

    QUEUE = "queue", _("decide what was reported or held")
    PIN = "pin", _("pin topics")
    MOVE = "move", _("move, split and merge topics")
    CLOSE = "close", _("close topics")
    EDIT = "edit", _("change titles and tags")
    QUIET = "quiet", _("make somebody quiet for 24 hours")
    SETTLE = "settle", _("settle the space and its list of people")
    FIGURES = "figures", _("read the figures of the space")


def every_power() -> list[str]:
    """What a steward is given where nothing else is said."""
    return [power.value for power in StewardPower]


class SpaceStewardQuerySet(models.QuerySet["SpaceSteward"]):
    def current(self) -> Self:
        """In force now, by the clock of the database."""
        return self.filter(Q(until__isnull=True) | Q(until__gt=Now()), from_at__lte=Now())


class SpaceSteward(models.Model):
    """Rule 8.4: a member who looks after one space, from a day until perhaps another one. A role inside the space.

    A stand-in is a row of its own, which names whom it stands in for and ends with theirs.
    """

    space = models.ForeignKey(Space, on_delete=models.CASCADE, related_name="stewardships")
    member = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    powers = ArrayField(models.CharField(max_length=10, choices=StewardPower), default=every_power)
    stands_in_for = models.ForeignKey(
        "self", null=True, on_delete=models.CASCADE, related_name="stand_ins", db_index=False
    )
    granted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    created_at = models.DateTimeField(db_default=Now())
    from_at = models.DateTimeField(db_default=Now())
    until = models.DateTimeField(null=True)

    objects = SpaceStewardQuerySet.as_manager()

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["space", "member"], name="space_steward_once"),
            models.CheckConstraint(
                condition=Q(powers__len__gt=0) & Q(powers__contained_by=StewardPower.values),
                name="space_steward_powers_known",
            ),
            # Whoever stands in for somebody does so until a day.
            models.CheckConstraint(
                condition=Q(stands_in_for__isnull=True) | Q(until__isnull=False),
                name="space_steward_stand_in_has_end",
            ),
        )

    def __str__(self) -> str:
        return f"{self.member_id} looks after {self.space_id}"


class SpaceRequest(models.Model):
    """Somebody asks to be listed in a private space; a steward or a manager decides."""

    space = models.ForeignKey(Space, on_delete=models.CASCADE, related_name="requests")
    member = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    words = models.CharField(max_length=500, blank=True)
    created_at = models.DateTimeField(db_default=Now())
    decided_at = models.DateTimeField(null=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    is_listed = models.BooleanField(null=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["space", "member"],
                condition=Q(decided_at__isnull=True),
                name="space_request_open_once",
            ),
            models.CheckConstraint(
                condition=Q(decided_at__isnull=True, is_listed__isnull=True)
                | Q(decided_at__isnull=False, is_listed__isnull=False),
                name="space_request_decided_one_way",
            ),
        )

    def __str__(self) -> str:
        return f"{self.member_id} asks for {self.space_id}"


OUTCOMES = [
    (Outcome.OFF.value, _("Nothing")),
    (Outcome.COACH.value, _("Advise the author")),
    (Outcome.HOLD.value, _("Advise, then hold for a moderator")),
    (Outcome.REFUSE.value, _("Refuse")),
]


def _outcome() -> "models.CharField[str, str]":
    return models.CharField(max_length=6, choices=OUTCOMES, default=Outcome.OFF.value, db_default="off")


class SpaceRules(models.Model):
    """Rule 8.3: said beside the composer, and checked when it is posted.

    The first three are about a topic's form; the others are what `quality.QualityRules` judges the words by, as one
    of its outcomes each, with the measures of two of them.
    """

    space = models.OneToOneField(Space, primary_key=True, on_delete=models.CASCADE, related_name="rules")
    least_length = models.PositiveSmallIntegerField(
        default=0, help_text=_("Characters of a question's text.")
    )
    needs_tag = models.BooleanField(default=False)
    look_first = models.BooleanField(default=False)
    too_short = _outcome()
    links = _outcome()
    own_company = _outcome()
    promotion = _outcome()
    shouting = _outcome()
    repeated = _outcome()
    least_words = models.PositiveSmallIntegerField(default=3, db_default=3)
    most_links = models.PositiveSmallIntegerField(default=1, db_default=1)

    class Meta:
        constraints = tuple(
            models.CheckConstraint(
                condition=Q(**{f"{rule.value}__in": [outcome.value for outcome in Outcome]}),
                name=f"space_rules_{rule.value}_known",
            )
            for rule in Rule
        )

    def __str__(self) -> str:
        return f"rules of {self.space_id}"

    @property
    def quality(self) -> QualityRules:
        """What the pure rules judge by."""
        return QualityRules(
            **{rule.value: Outcome(getattr(self, rule.value)) for rule in Rule},
            least_words=self.least_words,
            most_links=self.most_links,
        )


class TopicTemplate(models.Model):
    """What stands in the composer when somebody starts a topic of this kind in this space."""

    space = models.ForeignKey(Space, on_delete=models.CASCADE, related_name="templates", db_index=False)
    kind = models.CharField(max_length=20, choices=TopicKind)
    source = models.TextField()

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["space", "kind"], name="topic_template_once"),
            models.CheckConstraint(condition=Q(kind__in=TopicKind.values), name="topic_template_kind_known"),
        )

    def __str__(self) -> str:
        return f"{self.kind} in {self.space_id}"


def visible_space_ids(user: object) -> frozenset[int]:
    """The ids of the spaces this person may see, resolved once for each loaded member, that is once a request.

    Archived spaces are included: they can still be read.
    """
    if not isinstance(user, Member):
        return frozenset()
    visible_spaces(user)
    visible: frozenset[int] = user.__dict__["_visible_space_ids"]
    return visible


resolves_spaces(visible_space_ids)


def visible_spaces(user: object) -> list[Space]:
    """The spaces themselves, in their order, from the same single query."""
    if not isinstance(user, Member):
        return []
    loaded: list[Space] | None = user.__dict__.get("_visible_spaces")
    if loaded is None:
        rows = _OPEN_SPACES(presets=presets_open_to(user), member=user.pk) if user.is_admitted else ()
        loaded = [Space.from_db("default", _SPACE_COLUMNS, row[:-1]) for row in rows]
        user.__dict__["_visible_spaces"] = loaded
        user.__dict__["_visible_space_ids"] = frozenset(space.pk for space in loaded)
        user.__dict__["_stewarded_spaces"] = {
            space.pk: frozenset(row[-1]) for space, row in zip(loaded, rows, strict=True) if row[-1]
        }
    return loaded


def powers_by_space(user: object) -> Mapping[int, frozenset[str]]:
    """What this person may do in each space they look after and may see: the same single query answers it."""
    if not isinstance(user, Member):
        return {}
    visible_spaces(user)
    stewarded: Mapping[int, frozenset[str]] = user.__dict__["_stewarded_spaces"]
    return stewarded


def stewarded_space_ids(user: object, power: StewardPower | None = None) -> frozenset[int]:
    """The ids of the spaces that this person looks after and may see; with `power`, where they were given it."""
    return frozenset(
        space_id for space_id, powers in powers_by_space(user).items() if power is None or power in powers
    )


def _open_spaces() -> "models.QuerySet[Space, Any]":
    stewarded = SpaceSteward.objects.current().filter(space=OuterRef("pk"), member=Blank("member"))
    return (
        Space.objects.open_by(Blank("presets"), Blank("member"))
        .annotate(stewarded=Subquery(stewarded.values("powers")[:1]))
        .values_list(*_SPACE_COLUMNS, "stewarded")
    )


# Asked by every request, and so compiled once.
_SPACE_COLUMNS = tuple(field.attname for field in Space._meta.concrete_fields)
_OPEN_SPACES = Statement(_open_spaces)


def forget_visible_spaces(user: Member) -> None:
    """After an action changed what this loaded member may see."""
    user.__dict__.pop("_visible_spaces", None)
    user.__dict__.pop("_stewarded_spaces", None)
    user.__dict__.pop("_visible_space_ids", None)
