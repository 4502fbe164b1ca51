"""The one queue of moderation: what was reported or held, what was decided about it, and what waits for an answer."""

from datetime import timedelta
from typing import Final, Self

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from community.core.models import Module
from discussions.models.post import SOURCE_FORMATS, Post
from discussions.models.space import Space, StewardPower, TopicKind, stewarded_space_ids, visible_space_ids
from discussions.models.topic import TITLE_LENGTH, Topic
from members.models import Member, RoleName

RULING_WORDS_LENGTH = 2000
CANNED_REASON_LENGTH = 500
#: How long a decision can be taken back.
UNDO_WITHIN: Final = timedelta(days=30)


class CaseKind(models.TextChoices):
    """What a case is about: the name of the model."""

    POST = "post", _("Post")
    TOPIC = "topic", _("Topic")
    MESSAGE = "message", _("Message")
    MEMBER = "member", _("Profile")
    HELD = "held", _("Held before posting")
    APPEAL = "appeal", _("Appeal")


class CaseState(models.TextChoices):
    OPEN = "open", _("to decide")
    RETURNED = "returned", _("with its author")
    DECIDED = "decided", _("decided")


class CaseReason(models.TextChoices):
    """Why something is in the queue; of several the first one here is named. The first two hide at once (rule 8.1)."""

    PERSONAL_DATA = "personal_data", _("It gives away personal data")
    ABUSE = "abuse", _("It is abusive or threatening")
    APPEAL = "appeal", _("Somebody appeals")
    ADVERTISING = "advertising", _("It is advertising")
    RULES = "rules", _("The rules of the space hold it")
    OTHER = "other", _("Something else")


class RulingAct(models.TextChoices):
    """Rule 8.2: what can be decided, the same on the page, in the admin and over the API."""

    KEEP = "keep", _("Keep")
    RETURN = "return", _("Return to author")
    EDIT = "edit", _("Edit and tell")
    HIDE = "hide", _("Hide")
    MOVE = "move", _("Move")
    WARN = "warn", _("Warn")
    QUIET = "quiet", _("Make quiet")
    SUSPEND = "suspend", _("Suspend")
    GRANT = "grant", _("Grant the appeal")
    REFUSE = "refuse", _("Refuse the appeal")


class HeldPost(models.Model):
    """Words that wait for a moderator before they are posted: no number, no counter and no entry anywhere else.

    With `topic` a reply, without one a topic of `kind` and `title`. They become a post by the action that posts.
    """

    space = models.ForeignKey(Space, on_delete=models.PROTECT, related_name="+")
    topic = models.ForeignKey(Topic, null=True, on_delete=models.PROTECT, related_name="+", db_index=False)
    reply_to = models.ForeignKey(Post, null=True, on_delete=models.PROTECT, related_name="+", db_index=False)
    kind = models.CharField(max_length=20, choices=TopicKind, blank=True)
    title = models.CharField(max_length=TITLE_LENGTH, blank=True)
    tags = ArrayField(models.CharField(max_length=40), default=list)
    takes_replies = models.BooleanField(default=True)
    author = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    source = models.TextField()
    source_format = models.CharField(max_length=10, choices=SOURCE_FORMATS)
    html = models.TextField()
    rules = ArrayField(models.CharField(max_length=20), default=list)
    # What a form or a mail calls this one sending, so that sending it twice holds it once.
    key = models.CharField(max_length=80, blank=True)
    created_at = models.DateTimeField(db_default=Now())
    posted = models.ForeignKey(Post, null=True, on_delete=models.SET_NULL, related_name="+", db_index=False)

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=Q(topic__isnull=False, title="", kind="")
                | Q(topic__isnull=True, reply_to__isnull=True, kind__in=TopicKind.values) & ~Q(title=""),
                name="held_is_reply_or_topic",
            ),
            models.UniqueConstraint(fields=["author", "key"], condition=~Q(key=""), name="held_once"),
        )

    def __str__(self) -> str:
        return self.title or f"{self.topic_id}"


class CaseQuerySet(models.QuerySet["Case"]):
    def waiting(self) -> Self:
        return self.exclude(state=CaseState.DECIDED)

    def open(self) -> Self:
        return self.filter(state=CaseState.OPEN)

    def visible_to(self, user: object) -> Self:
        """The one resolver of the queue: who decides there, never of what is about oneself.

        Moderators and managers: what belongs to no space, and what stands in a space that is open to them. Stewards:
        what stands in a space in which they were given the queue. Administrators: appeals.
        """
        if not isinstance(user, Member) or not user.is_admitted or not user.uses(Module.MODERATION):
            return self.none()
        if user.has_role(RoleName.MODERATOR, RoleName.MANAGER):
            seen = self.filter(Q(space__isnull=True) | Q(space__in=visible_space_ids(user)))
        elif user.has_role(RoleName.ADMINISTRATOR):
            seen = self.filter(
                Q(kind=CaseKind.APPEAL) | Q(space__in=stewarded_space_ids(user, StewardPower.QUEUE))
            )
        else:
            seen = self.filter(space__in=stewarded_space_ids(user, StewardPower.QUEUE)).exclude(
                kind=CaseKind.APPEAL
            )
        return seen.exclude(about=user)

    def of_author(self, user: Member) -> Self:
        """What the author of something is shown of it: what waits, with their own words, and nothing of reports."""
        mine = self.waiting().filter(about=user)
        return mine.filter(
            Q(kind__in=[CaseKind.POST, CaseKind.TOPIC, CaseKind.HELD])
            | Q(kind=CaseKind.MEMBER, is_hidden=True)
        )


class Case(models.Model):
    """Rule 8.1: one row for each thing, however many report it, with an owner, a due time and a version.

    `context` keeps what was reported as it stood then, as in `Report`. `version` grows with everything that changes
    the case; whoever decides says which one they read.
    """

    kind = models.CharField(max_length=10, choices=CaseKind)
    target_id = models.BigIntegerField()
    space = models.ForeignKey(Space, null=True, on_delete=models.PROTECT, related_name="+", db_index=False)
    # Whose thing it is; null where that is not to be known.
    about = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    title = models.CharField(max_length=TITLE_LENGTH, blank=True)
    reason = models.CharField(max_length=20, choices=CaseReason)
    # Names of the quality rules, for what they held.
    rules = ArrayField(models.CharField(max_length=20), default=list)
    report_count = models.PositiveIntegerField(default=0)
    context = models.JSONField(default=list)
    state = models.CharField(max_length=10, choices=CaseState, default=CaseState.OPEN)
    is_hidden = models.BooleanField(default=False)
    version = models.PositiveIntegerField(default=1)
    opened_at = models.DateTimeField()
    due_at = models.DateTimeField()
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+", db_index=False
    )
    taken_at = models.DateTimeField(null=True)
    decided_at = models.DateTimeField(null=True)
    # The words for the author of what was returned, and whether they have sent it again.
    returned_words = models.CharField(max_length=RULING_WORDS_LENGTH, blank=True)
    answered_at = models.DateTimeField(null=True)

    objects = CaseQuerySet.as_manager()

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["kind", "target_id"],
                condition=~Q(state=CaseState.DECIDED),
                name="case_waiting_once",
            ),
            models.CheckConstraint(condition=Q(kind__in=CaseKind.values), name="case_kind_known"),
            models.CheckConstraint(condition=Q(state__in=CaseState.values), name="case_state_known"),
            models.CheckConstraint(condition=Q(reason__in=CaseReason.values), name="case_reason_known"),
            models.CheckConstraint(
                condition=Q(state=CaseState.DECIDED, decided_at__isnull=False)
                | ~Q(state=CaseState.DECIDED) & Q(decided_at__isnull=True),
                name="case_decided_once",
            ),
            models.CheckConstraint(
                condition=Q(owner__isnull=True, taken_at__isnull=True)
                | Q(owner__isnull=True)
                | Q(taken_at__isnull=False),
                name="case_owner_since",
            ),
        )
        indexes = (
            # The queue, most urgent first.
            models.Index(fields=["due_at", "id"], condition=Q(state=CaseState.OPEN), name="case_due"),
            models.Index(
                fields=["-decided_at", "-id"], condition=Q(state=CaseState.DECIDED), name="case_decided"
            ),
            models.Index(fields=["kind", "target_id"], name="case_target"),
        )

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.target_id}"

    @property
    def activity_title(self) -> str:
        return str(_("Case"))

    def get_absolute_url(self) -> str:
        return reverse("case_show", args=[self.pk])


class Ruling(models.Model):
    """One decision about a case, with its words, and what it takes to undo it. A case may have several in a row.

    `data` holds ids of what was made or changed: `was_hidden`, `from_space`, `before` (source and format), `sanction`,
    `suspension`, `post`; and what went with the words that were taken out: `revisions` (their columns), `files` (ids).
    """

    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="rulings")
    act = models.CharField(max_length=10, choices=RulingAct)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    at = models.DateTimeField()
    words = models.CharField(max_length=RULING_WORDS_LENGTH, blank=True)
    version = models.PositiveIntegerField()
    data = models.JSONField(default=dict)
    undone_at = models.DateTimeField(null=True)
    undone_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )

    class Meta:
        constraints = (
            models.CheckConstraint(condition=Q(act__in=RulingAct.values), name="ruling_act_known"),
            # Two decisions from one version of a case would be one thing decided twice.
            models.UniqueConstraint(fields=["case", "version"], name="ruling_once_a_version"),
            models.CheckConstraint(
                condition=Q(undone_at__isnull=True) | Q(undone_at__gte=F("at")), name="ruling_undone_after"
            ),
        )
        indexes = (models.Index(fields=["-at", "-id"], name="ruling_latest"),)

    def __str__(self) -> str:
        return f"{self.act} {self.case_id}"


class CannedReason(models.Model):
    """Words that moderators use again; without a row, those that come with the software."""

    text = models.CharField(max_length=CANNED_REASON_LENGTH)
    position = models.PositiveSmallIntegerField(default=100)

    class Meta:
        ordering = ("position", "id")
        constraints = (models.CheckConstraint(condition=~Q(text=""), name="canned_reason_has_words"),)

    def __str__(self) -> str:
        return self.text

    @property
    def activity_title(self) -> str:
        return self.text[:200]

    def get_absolute_url(self) -> str:
        return reverse("admin:discussions_cannedreason_changelist")


class StewardProposal(models.Model):
    """Rule 8.4: a member proposes somebody, themselves included, who could look after a space; managers decide."""

    space = models.ForeignKey(Space, on_delete=models.CASCADE, related_name="steward_proposals")
    member = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    proposed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+", db_index=False
    )
    words = models.CharField(max_length=500, blank=True)
    created_at = models.DateTimeField(db_default=Now())
    decided_at = models.DateTimeField(null=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    is_named = models.BooleanField(null=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["space", "member"],
                condition=Q(decided_at__isnull=True),
                name="steward_proposal_open_once",
            ),
            models.CheckConstraint(
                condition=Q(decided_at__isnull=True, is_named__isnull=True)
                | Q(decided_at__isnull=False, is_named__isnull=False),
                name="steward_proposal_decided_one_way",
            ),
        )

    def __str__(self) -> str:
        return f"{self.member_id} for {self.space_id}"


class Listening(models.Model):
    """Rule 8.6: a critic's topic, with the signals that say so, to be answered by staff; nothing follows for anybody.

    Only managers read it. `settled_at` is when somebody of the staff has answered, or said that it needs none.
    """

    topic = models.OneToOneField(Topic, primary_key=True, on_delete=models.CASCADE, related_name="listening")
    signals = ArrayField(models.CharField(max_length=20))
    flagged_at = models.DateTimeField()
    due_at = models.DateTimeField()
    settled_at = models.DateTimeField(null=True)
    settled_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+", db_index=False
    )

    class Meta:
        constraints = (models.CheckConstraint(condition=Q(signals__len__gt=0), name="listening_says_why"),)
        indexes = (
            models.Index(fields=["due_at"], condition=Q(settled_at__isnull=True), name="listening_due"),
        )

    def __str__(self) -> str:
        return f"{self.topic_id}"

    @property
    def activity_title(self) -> str:
        return str(_("Listen"))
