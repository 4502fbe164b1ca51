"""Ask-me-anything sessions: who answers and when, the questions, and who else wants to know."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from discussions.models.post import Post
from discussions.models.topic import Topic


class AskSession(models.Model):
    """The hours of a topic of the kind session: questions from `opens_at` on, answers from `starts_at` to `ends_at`.

    `begun_at` is when it was told that it begins. The identity of its calendar entry is the topic's.
    """

    topic = models.OneToOneField(
        Topic, primary_key=True, on_delete=models.CASCADE, related_name="ask_session"
    )
    opens_at = models.DateTimeField()
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    begun_at = models.DateTimeField(null=True)
    # How often the hours were changed: calendars take the entry with the highest number.
    sequence = models.PositiveIntegerField(default=0)
    updated_at = models.DateTimeField()

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=Q(opens_at__lte=F("starts_at"), starts_at__lt=F("ends_at")),
                name="ask_session_in_order",
            ),
        )
        indexes = (
            models.Index(
                fields=["starts_at"], condition=Q(begun_at__isnull=True), name="ask_session_to_begin"
            ),
        )

    def __str__(self) -> str:
        return f"session {self.topic_id}"


class SessionHost(models.Model):
    """Who answers in a session."""

    session = models.ForeignKey(AskSession, on_delete=models.CASCADE, related_name="hosts", db_index=False)
    member = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")

    class Meta:
        constraints = (models.UniqueConstraint(fields=["session", "member"], name="session_host_once"),)

    def __str__(self) -> str:
        return f"{self.member_id} in session {self.session_id}"


class SessionQuestion(models.Model):
    """A post of a session that asks its hosts something, and the post that answered it."""

    session = models.ForeignKey(
        AskSession, on_delete=models.CASCADE, related_name="questions", db_index=False
    )
    post = models.OneToOneField(Post, on_delete=models.CASCADE, related_name="+")
    support_count = models.PositiveIntegerField(default=0)
    answer = models.ForeignKey(Post, null=True, on_delete=models.PROTECT, related_name="+", db_index=False)
    answered_at = models.DateTimeField(null=True)

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=Q(answer__isnull=True, answered_at__isnull=True)
                | Q(answer__isnull=False, answered_at__isnull=False),
                name="session_question_answered_by_a_post",
            ),
        )
        indexes = (models.Index(fields=["session", "-support_count", "id"], name="session_question_order"),)

    def __str__(self) -> str:
        return f"question {self.post_id}"


class QuestionSupport(models.Model):
    """Somebody else wants to know this too."""

    question = models.ForeignKey(
        SessionQuestion, on_delete=models.CASCADE, related_name="supports", db_index=False
    )
    member = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    created_at = models.DateTimeField()

    class Meta:
        constraints = (models.UniqueConstraint(fields=["question", "member"], name="question_support_once"),)

    def __str__(self) -> str:
        return f"{self.member_id} wants to know {self.question_id}"
