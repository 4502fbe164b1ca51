"""Somebody asks to come in: the application, its answers, and everything that is decided about it."""

from typing import Final, Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from members.models.gate import Criterion, Question, Tier
from members.models.member import Member
from members.models.organisation import Organisation
from members.models.role import RoleName


class ApplicationState(models.TextChoices):
    """Rule 1.3."""

    DRAFT = "draft", _("draft")
    SUBMITTED = "submitted", _("submitted")
    IN_REVIEW = "in_review", _("in review")
    MORE_ASKED = "more_asked", _("more information asked")
    WAITLISTED = "waitlisted", _("on the waitlist")
    ACCEPTED = "accepted", _("accepted")
    DECLINED = "declined", _("declined")
    WITHDRAWN = "withdrawn", _("withdrawn")


OPEN_STATES: Final = (
    ApplicationState.DRAFT,
    ApplicationState.SUBMITTED,
    ApplicationState.IN_REVIEW,
    ApplicationState.MORE_ASKED,
    ApplicationState.WAITLISTED,
)
# Open, and no longer with the applicant alone.
SENT_STATES: Final = tuple(state for state in OPEN_STATES if state != ApplicationState.DRAFT)
DECIDED_STATES: Final = (ApplicationState.ACCEPTED, ApplicationState.DECLINED)
# With the reviewers: what the due clock runs for. It stands still while the applicant is asked for more.
WITH_REVIEWERS: Final = (ApplicationState.SUBMITTED, ApplicationState.IN_REVIEW)


class ApplicationQuerySet(models.QuerySet["Application"]):
    def open(self) -> Self:
        return self.filter(state__in=OPEN_STATES)

    def with_reviewers(self) -> Self:
        return self.filter(state__in=WITH_REVIEWERS)

    def overdue(self) -> Self:
        return self.with_reviewers().filter(due_at__lt=Now())

    def reviewable_by(self, user: object) -> Self:
        """What managers and administrators read: all that was sent in, but never what is said about themselves."""
        if not isinstance(user, Member) or not user.has_role(RoleName.MANAGER, RoleName.ADMINISTRATOR):
            return self.none()
        return self.exclude(submitted_at__isnull=True).exclude(member=user)

    def in_waiting_order(self) -> Self:
        """Rule 1.9: who was let go first, then who has waited longest."""
        return self.filter(state=ApplicationState.WAITLISTED).order_by("waitlist_rank", "waitlisted_at", "id")


class Application(models.Model):
    """One attempt of one person to come in. Its account exists from the moment the address was confirmed.

    `due_at` is when the decision is owed; it moves on by the time that was spent waiting for the applicant.
    """

    member = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="applications"
    )
    tier = models.ForeignKey(Tier, on_delete=models.PROTECT, related_name="applications")
    state = models.CharField(max_length=12, choices=ApplicationState, default=ApplicationState.DRAFT)
    # What the applicant says; a reviewer settles which company it is.
    company_name = models.CharField(_("company"), max_length=120, blank=True)
    organisation = models.ForeignKey(
        Organisation, null=True, blank=True, on_delete=models.SET_NULL, related_name="applications"
    )
    invitation = models.ForeignKey(
        "members.Invitation", null=True, blank=True, on_delete=models.PROTECT, related_name="applications"
    )
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    needs_second_reviewer = models.BooleanField(default=False, db_default=False)
    # Why the vouches that the tier asks for are not needed here; a note says who waived them.
    vouch_waiver = models.CharField(max_length=500, blank=True, db_default="")
    created_at = models.DateTimeField(db_default=Now())
    edited_at = models.DateTimeField(db_default=Now())
    submitted_at = models.DateTimeField(null=True, blank=True)
    due_at = models.DateTimeField(null=True, blank=True)
    # Since when the clock stands still.
    asked_at = models.DateTimeField(null=True, blank=True)
    waitlisted_at = models.DateTimeField(null=True, blank=True)
    # Managers may let somebody go first, with a reason; smaller comes earlier, then who has waited longest.
    waitlist_rank = models.IntegerField(default=0, db_default=0)
    decided_at = models.DateTimeField(null=True, blank=True)

    objects = ApplicationQuerySet.as_manager()

    class Meta:
        constraints = (
            # One attempt at a time.
            models.UniqueConstraint(
                fields=["member"], condition=Q(state__in=OPEN_STATES), name="application_open_once"
            ),
            models.CheckConstraint(
                condition=Q(state__in=ApplicationState.values), name="application_state_known"
            ),
            models.CheckConstraint(
                condition=Q(state__in=(ApplicationState.DRAFT, ApplicationState.WITHDRAWN))
                | Q(submitted_at__isnull=False, due_at__isnull=False),
                name="application_submitted_has_clock",
            ),
            models.CheckConstraint(
                condition=Q(state__in=DECIDED_STATES, decided_at__isnull=False)
                | ~Q(state__in=DECIDED_STATES) & Q(decided_at__isnull=True),
                name="application_decided_has_time",
            ),
            models.CheckConstraint(
                condition=~Q(state=ApplicationState.WAITLISTED) | Q(waitlisted_at__isnull=False),
                name="application_waitlisted_has_time",
            ),
        )
        indexes = (
            # The queue: what is due first.
            models.Index(
                fields=["due_at", "id"], condition=Q(state__in=WITH_REVIEWERS), name="application_due"
            ),
            # How many are in each list that is open.
            models.Index(
                fields=["state", "due_at"],
                include=["member"],
                condition=Q(state__in=SENT_STATES, submitted_at__isnull=False),
                name="application_sent",
            ),
            models.Index(
                fields=["tier", "waitlist_rank", "waitlisted_at"],
                condition=Q(state=ApplicationState.WAITLISTED),
                name="application_waitlist",
            ),
            # What was decided, the newest first.
            models.Index(
                fields=["state", "-decided_at", "-id"],
                condition=Q(state__in=DECIDED_STATES),
                name="application_decided",
            ),
        )

    def __str__(self) -> str:
        return f"{self.member} · {self.tier}"

    @property
    def activity_title(self) -> str:
        return str(self.member)

    def get_absolute_url(self) -> str:
        return reverse("application_review", args=[self.pk])

    @property
    def is_open(self) -> bool:
        return self.state in OPEN_STATES


class Answer(models.Model):
    """What was answered, kept as text; the question says what kind it is."""

    application = models.ForeignKey(Application, on_delete=models.CASCADE, related_name="answers")
    question = models.ForeignKey(Question, on_delete=models.PROTECT, related_name="answers")
    text = models.TextField(max_length=5000)
    # The applicant agrees that it fills the profile field.
    may_fill = models.BooleanField(default=False)

    class Meta:
        constraints = (models.UniqueConstraint(fields=["application", "question"], name="answer_once"),)

    def __str__(self) -> str:
        return self.text[:60]


class ApplicationStep(models.Model):
    """Rule 1.3: each change of state with actor, time and reason. `words` are for the applicant, to the letter."""

    application = models.ForeignKey(Application, on_delete=models.CASCADE, related_name="steps")
    state = models.CharField(max_length=12, choices=ApplicationState)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    at = models.DateTimeField(db_default=Now())
    words = models.TextField(max_length=5000, blank=True)

    class Meta:
        ordering = ("at", "id")

    def __str__(self) -> str:
        return f"{self.state} {self.at}"


class ApplicationNote(models.Model):
    """Between reviewers. No page, mail or export of the applicant reads this table."""

    application = models.ForeignKey(Application, on_delete=models.CASCADE, related_name="notes")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    text = models.TextField(max_length=5000)
    at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ("at", "id")

    def __str__(self) -> str:
        return self.text[:60]


class Verdict(models.TextChoices):
    MET = "met", _("met")
    NOT_MET = "not_met", _("not met")
    WAIVED = "waived", _("waived")


class Assessment(models.Model):
    """Rule 1.4: one reviewer on one criterion. A waiver and a "not met" need a reason."""

    application = models.ForeignKey(Application, on_delete=models.CASCADE, related_name="assessments")
    criterion = models.ForeignKey(Criterion, on_delete=models.PROTECT, related_name="assessments")
    reviewer = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    verdict = models.CharField(max_length=8, choices=Verdict)
    reason = models.CharField(max_length=500, blank=True)
    at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["application", "criterion", "reviewer"], name="assessment_once"),
            models.CheckConstraint(condition=Q(verdict__in=Verdict.values), name="assessment_verdict_known"),
            models.CheckConstraint(
                condition=Q(verdict=Verdict.MET) | ~Q(reason=""), name="assessment_says_why"
            ),
        )

    def __str__(self) -> str:
        return f"{self.criterion}: {self.verdict}"


class ReviewDecision(models.Model):
    """What one reviewer would do. It takes effect when as many agree as the tier asks for."""

    application = models.ForeignKey(Application, on_delete=models.CASCADE, related_name="decisions")
    reviewer = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    accepts = models.BooleanField()
    words = models.TextField(max_length=5000)
    at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["application", "reviewer"], name="review_decision_once"),
        )

    def __str__(self) -> str:
        return "accept" if self.accepts else "decline"


class VouchRequest(models.Model):
    """An applicant names somebody by address. Whether that is a member, the applicant never learns."""

    application = models.ForeignKey(Application, on_delete=models.CASCADE, related_name="vouch_requests")
    email = models.EmailField(max_length=254)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = (models.UniqueConstraint(fields=["application", "email"], name="vouch_request_once"),)

    def __str__(self) -> str:
        return self.email


class Vouch(models.Model):
    """Rule 1.6: a member in good standing stands up for an applicant. One with a conflict is read and not counted."""

    application = models.ForeignKey(Application, on_delete=models.CASCADE, related_name="vouches")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="vouches")
    words = models.TextField(max_length=1000)
    conflict = models.CharField(max_length=300, blank=True)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name_plural = "vouches"
        constraints = (
            models.UniqueConstraint(fields=["application", "by"], name="vouch_once"),
            models.CheckConstraint(condition=~Q(words=""), name="vouch_has_words"),
        )

    def __str__(self) -> str:
        return self.words[:60]


class AdmissionQuerySet(models.QuerySet["Admission"]):
    def seated(self) -> Self:
        """Places that are taken."""
        return self.filter(ended_at__isnull=True)


class Admission(models.Model):
    """A place in a tier, taken under a lock on the tier's row so that capacity holds. Ended when the person leaves."""

    member = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="admissions")
    tier = models.ForeignKey(Tier, on_delete=models.PROTECT, related_name="admissions")
    organisation = models.ForeignKey(
        Organisation, null=True, blank=True, on_delete=models.SET_NULL, related_name="admissions"
    )
    application = models.OneToOneField(
        Application, null=True, blank=True, on_delete=models.SET_NULL, related_name="admission"
    )
    invitation = models.OneToOneField(
        "members.Invitation", null=True, blank=True, on_delete=models.SET_NULL, related_name="admission"
    )
    admitted_at = models.DateTimeField(db_default=Now())
    admitted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    ended_at = models.DateTimeField(null=True, blank=True)

    objects = AdmissionQuerySet.as_manager()

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["member"], condition=Q(ended_at__isnull=True), name="admission_current_once"
            ),
            models.CheckConstraint(
                condition=Q(ended_at__isnull=True) | Q(ended_at__gte=F("admitted_at")),
                name="admission_ends_after_it_began",
            ),
        )
        indexes = (
            models.Index(
                fields=["tier", "organisation"], condition=Q(ended_at__isnull=True), name="admission_seats"
            ),
        )

    def __str__(self) -> str:
        return f"{self.member} · {self.tier}"
