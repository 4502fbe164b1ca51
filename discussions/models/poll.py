"""Polls: what is asked and by which rules, the ballots, and who voted, which for anonymous polls never meet."""

import uuid
from collections.abc import Sequence
from datetime import datetime
from typing import Self

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Exists, F, OuterRef, Q
from django.db.models.expressions import Combinable
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from community.core.models import Module
from community.core.statements import OneOf
from discussions.models.space import Space, visible_space_ids
from discussions.models.topic import Topic
from members.models import Member

POLL_TITLE_LENGTH = 200
POLL_ABOUT_LENGTH = 2_000
POLL_OPTION_LENGTH = 120
POLL_OPTIONS = 20
HIGHEST_SCORE = 5
MOST_DOTS = 50
OUTCOME_LENGTH = 5_000


class PollKind(models.TextChoices):
    """Rule 4.1."""

    SINGLE = "single", _("One choice")
    MULTIPLE = "multiple", _("Several choices")
    RANKED = "ranked", _("Ranking")
    DOTS = "dots", _("Dots to spread")
    SCORE = "score", _("Score from 0 to 5")
    DATE = "date", _("Find a date")


class ResultsShown(models.TextChoices):
    """Rule 4.2. What it means is said once, by `can_see_results`."""

    ALWAYS = "always", _("Always")
    AFTER_VOTING = "after_voting", _("After voting")
    AT_CLOSE = "at_close", _("When the poll is closed")
    MANAGERS = "managers", _("Only for community managers")


class Electorate(models.TextChoices):
    READERS = "readers", _("Everybody who can read it")
    LISTED = "listed", _("The people listed in the space")


class VotePer(models.TextChoices):
    MEMBER = "member", _("One vote for each person")
    COMPANY = "company", _("One vote for each company")


class Secrecy(models.TextChoices):
    """Who learns what somebody chose."""

    OPEN = "open", _("Open: names stand beside the choices")
    SUMS = "sums", _("Sums only: nobody reads who chose what")
    ANONYMOUS = "anonymous", _("Anonymous: a ballot has no link to who voted")


class PollQuerySet(models.QuerySet["Poll"]):
    def present(self) -> Self:
        return self.filter(deleted_at__isnull=True)

    def visible_to(self, user: object) -> Self:
        """Those of the spaces that the reader may see, and of topics that stand there; none where polls are off."""
        if not isinstance(user, Member) or not user.uses(Module.POLLS):
            return self.none()
        return self.in_spaces(list(visible_space_ids(user)))

    def in_spaces(self, space_ids: Sequence[int] | Combinable) -> Self:
        topics = Topic.objects.in_spaces(space_ids).filter(pk=OuterRef("topic"))
        return self.present().filter(OneOf("space_id", space_ids) | Exists(topics))

    def running(self, now: datetime) -> Self:
        return self.filter(closed_at__isnull=True, closes_at__gt=now)

    def promised(self) -> Self:
        """Rule 4.4: closed, and what was done with it is not said yet."""
        return self.present().filter(closed_at__isnull=False, outcome_at__isnull=True)

    def with_place(self) -> Self:
        return self.select_related("space", "topic__space", "author")


class Poll(models.Model):
    """A question with options, standing in a topic or on its own in a space.

    Votes are taken until `closes_at`, or until somebody closes it; `closed_at` is when that was settled. From then on
    it owes an answer until `outcome_due_at`. How many have voted is a result: no column and no counter holds it.
    """

    space = models.ForeignKey(Space, null=True, blank=True, on_delete=models.PROTECT, related_name="polls")
    topic = models.ForeignKey(Topic, null=True, blank=True, on_delete=models.PROTECT, related_name="polls")
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    kind = models.CharField(max_length=10, choices=PollKind)
    title = models.CharField(max_length=POLL_TITLE_LENGTH)
    about = models.CharField(max_length=POLL_ABOUT_LENGTH, blank=True)
    results = models.CharField(max_length=20, choices=ResultsShown, default=ResultsShown.AFTER_VOTING)
    electorate = models.CharField(max_length=10, choices=Electorate, default=Electorate.READERS)
    vote_per = models.CharField(max_length=10, choices=VotePer, default=VotePer.MEMBER)
    secrecy = models.CharField(max_length=10, choices=Secrecy, default=Secrecy.SUMS)
    may_change = models.BooleanField(default=True)
    can_need_information = models.BooleanField(default=False)
    # Votes without which the result does not count; 0 asks for none.
    quorum = models.PositiveIntegerField(default=0)
    # Of a poll with several choices; 0 for as many as one likes.
    most_choices = models.PositiveSmallIntegerField(default=0)
    dots = models.PositiveSmallIntegerField(default=8)
    outcome_days = models.PositiveSmallIntegerField(default=14)
    created_at = models.DateTimeField()
    closes_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)
    closed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    reminded_at = models.DateTimeField(null=True)
    outcome_due_at = models.DateTimeField(null=True)
    outcome_reminded_at = models.DateTimeField(null=True)
    outcome = models.CharField(max_length=OUTCOME_LENGTH, blank=True)
    outcome_at = models.DateTimeField(null=True)
    outcome_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    deleted_at = models.DateTimeField(null=True)

    objects = PollQuerySet.as_manager()

    class Meta:
        constraints = (
            models.CheckConstraint(condition=Q(kind__in=PollKind.values), name="poll_kind_known"),
            models.CheckConstraint(
                condition=Q(
                    results__in=ResultsShown.values,
                    electorate__in=Electorate.values,
                    vote_per__in=VotePer.values,
                    secrecy__in=Secrecy.values,
                ),
                name="poll_rules_known",
            ),
            models.CheckConstraint(condition=~Q(title=""), name="poll_has_title"),
            models.CheckConstraint(
                condition=Q(space__isnull=True, topic__isnull=False)
                | Q(space__isnull=False, topic__isnull=True),
                name="poll_stands_in_one_place",
            ),
            models.CheckConstraint(condition=Q(closes_at__gt=F("created_at")), name="poll_closes_later"),
            # Rule 4.3: whoever looks twice while people vote can subtract, and whoever changes a ballot must find it.
            models.CheckConstraint(
                condition=~Q(secrecy=Secrecy.ANONYMOUS)
                | Q(may_change=False, results__in=[ResultsShown.AT_CLOSE, ResultsShown.MANAGERS]),
                name="poll_anonymous_stays_so",
            ),
            # Rule 4.4: a closed poll owes an answer by a day, and an open one none.
            models.CheckConstraint(
                condition=Q(closed_at__isnull=True, outcome_due_at__isnull=True, outcome_at__isnull=True)
                | Q(closed_at__isnull=False, outcome_due_at__isnull=False),
                name="poll_closed_owes_outcome",
            ),
            models.CheckConstraint(
                condition=Q(outcome_at__isnull=True, outcome="")
                | (Q(outcome_at__isnull=False) & ~Q(outcome="")),
                name="poll_outcome_has_words",
            ),
        )
        indexes = (
            models.Index(
                fields=["closes_at"],
                condition=Q(closed_at__isnull=True, deleted_at__isnull=True),
                name="poll_to_close",
            ),
            models.Index(
                fields=["outcome_due_at"],
                condition=Q(closed_at__isnull=False, outcome_at__isnull=True, deleted_at__isnull=True),
                name="poll_promised",
            ),
        )

    def __str__(self) -> str:
        return self.title

    @property
    def activity_title(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        return reverse("poll_show", args=[self.pk])

    @property
    def place(self) -> Space:
        """The space whose readers read it: that of its topic, wherever the topic stands now."""
        place = self.topic.space if self.topic is not None else self.space
        assert place is not None, "poll_stands_in_one_place"
        return place

    @property
    def is_anonymous(self) -> bool:
        return self.secrecy == Secrecy.ANONYMOUS

    def is_over(self, now: datetime) -> bool:
        """By the clock, also before the job has come that settles it."""
        return self.closed_at is not None or self.closes_at <= now


class PollOption(models.Model):
    """One of the answers; of a poll that looks for a date, its moment."""

    poll = models.ForeignKey(Poll, on_delete=models.CASCADE, related_name="options", db_index=False)
    position = models.PositiveSmallIntegerField()
    label = models.CharField(max_length=POLL_OPTION_LENGTH, blank=True)
    starts_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ("position",)
        constraints = (
            models.UniqueConstraint(fields=["poll", "position"], name="poll_option_in_order"),
            models.CheckConstraint(
                condition=(~Q(label="") & Q(starts_at__isnull=True)) | Q(label="", starts_at__isnull=False),
                name="poll_option_says_something",
            ),
        )

    def __str__(self) -> str:
        return self.label or str(self.starts_at)


class Ballot(models.Model):
    """What was chosen, by nobody: `option_ids` with their `weights` (1 for a choice, the rank, dots, the score).

    Rule 4.3. Nothing here leads to a voter: no name, no time, a random key. In an anonymous poll equal ballots are one
    row with a count, and every vote writes all of them anew in a random order, so that neither the transaction that
    wrote a row nor its place on the disk belongs to one vote. See docs/decisions/0018-polls.md.
    Only the actions and queries of polls read this table; a test says so.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    poll = models.ForeignKey(Poll, on_delete=models.CASCADE, related_name="+")
    option_ids = ArrayField(models.BigIntegerField(), default=list)
    weights = ArrayField(models.SmallIntegerField(), default=list)
    needs_information = models.BooleanField(default=False)
    count = models.PositiveIntegerField(default=1)

    class Meta:
        constraints = (
            models.CheckConstraint(condition=Q(count__gte=1), name="ballot_counts"),
            models.CheckConstraint(
                condition=Q(needs_information=True, option_ids__len=0, weights__len=0)
                | Q(needs_information=False, option_ids__len__gt=0),
                name="ballot_says_something",
            ),
        )

    def __str__(self) -> str:
        return f"ballot in {self.poll_id}"


class Voter(models.Model):
    """Who voted, once a person and where so settled once a company. What they chose is linked only where it may be."""

    poll = models.ForeignKey(Poll, on_delete=models.CASCADE, related_name="+", db_index=False)
    member = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    # For whom they voted, or where they worked then; not kept in an anonymous poll of persons.
    organisation = models.ForeignKey(
        "members.Organisation", null=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    is_for_company = models.BooleanField(default=False)
    is_anonymous = models.BooleanField(default=False)
    ballot = models.OneToOneField(Ballot, null=True, on_delete=models.CASCADE, related_name="+")
    voted_at = models.DateTimeField(null=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["poll", "member"], name="voter_once"),
            models.UniqueConstraint(
                fields=["poll", "organisation"],
                condition=Q(is_for_company=True),
                name="voter_once_for_company",
            ),
            models.CheckConstraint(
                condition=Q(is_for_company=False) | Q(organisation__isnull=False),
                name="voter_for_company_has_one",
            ),
            # Rule 4.3: without ballot, without time, and without company where that is not the voter.
            models.CheckConstraint(
                condition=Q(is_anonymous=False, ballot__isnull=False, voted_at__isnull=False)
                | (
                    Q(is_anonymous=True, ballot__isnull=True, voted_at__isnull=True)
                    & (Q(is_for_company=True) | Q(organisation__isnull=True))
                ),
                name="voter_anonymous_has_no_ballot",
            ),
        )

    def __str__(self) -> str:
        return f"{self.member_id} voted in {self.poll_id}"
