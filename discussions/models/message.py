"""Direct messages between members: who talks with whom, what was said, and whom somebody lets write to them."""

from typing import Self

from django.conf import settings
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVectorField
from django.db import models
from django.db.models import Exists, F, OuterRef, Q
from django.db.models.functions import Now
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from discussions.models.post import SOURCE_FORMATS
from members.models import Member, Tie, TieKind

#: Rule 3.13: a small group, so that everybody still knows who reads.
GROUP_LIMIT = 8
GROUP_NAME_LENGTH = 80
MESSAGES_PER_PAGE = 30


class ContactRule(models.TextChoices):
    """Who may write to a member for the first time; what began before goes on."""

    EVERYBODY = "everybody", gettext_lazy("All members")
    SAME_SPACE = "same_space", gettext_lazy("People who are listed in a space with me")
    FOLLOWED = "followed", gettext_lazy("People I follow")
    NOBODY = "nobody", gettext_lazy("Nobody")


class ContactPreference(models.Model):
    """Whose first messages a member takes. Without a row: those of all members."""

    member = models.OneToOneField(
        settings.AUTH_USER_MODEL, primary_key=True, on_delete=models.CASCADE, related_name="+"
    )
    rule = models.CharField(max_length=12, choices=ContactRule, default=ContactRule.EVERYBODY)

    class Meta:
        constraints = (
            models.CheckConstraint(condition=Q(rule__in=ContactRule.values), name="contact_rule_known"),
        )

    def __str__(self) -> str:
        return f"{self.member_id}: {self.rule}"


class ParticipantState(models.TextChoices):
    """Where somebody stands in a conversation. Nobody else can tell asked, put aside and declined apart."""

    JOINED = "joined", gettext_lazy("takes part")
    ASKED = "asked", gettext_lazy("was asked")
    IGNORED = "ignored", gettext_lazy("put it aside")
    DECLINED = "declined", gettext_lazy("declined")
    LEFT = "left", gettext_lazy("has left")


#: Reads what is said, from the number on from which they were asked.
READING = (ParticipantState.JOINED, ParticipantState.ASKED, ParticipantState.IGNORED)
#: Has not said yes. To everybody else all of them are people who have not answered.
UNANSWERED = (ParticipantState.ASKED, ParticipantState.IGNORED, ParticipantState.DECLINED)


class ConversationQuerySet(models.QuerySet["Conversation"]):
    def visible_to(self, user: object) -> Self:
        """The one resolver of rule 3.13: those who take part, and nobody else, whatever their role."""
        if not isinstance(user, Member) or not user.is_admitted:
            return self.none()
        mine = Participant.objects.filter(conversation=OuterRef("pk"), member=user.pk, state__in=READING)
        return self.filter(Exists(mine))


class Conversation(models.Model):
    """Two people, or a small group. `first` and `second` are the two, by id; both are null for a group.

    `highest_number` is the number given out last: it grows under a lock on this row.
    """

    first = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    second = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    name = models.CharField(max_length=GROUP_NAME_LENGTH, blank=True)
    started_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    created_at = models.DateTimeField(db_default=Now())
    highest_number = models.PositiveIntegerField(default=0)
    last_message_at = models.DateTimeField()

    objects = ConversationQuerySet.as_manager()

    class Meta:
        constraints = (
            # Two people have one conversation, however often one of them begins.
            models.UniqueConstraint(fields=["first", "second"], name="conversation_of_two_once"),
            models.CheckConstraint(
                condition=Q(first__isnull=True, second__isnull=True) | Q(first__lt=F("second")),
                name="conversation_two_in_order",
            ),
            models.CheckConstraint(condition=Q(name="") | Q(first__isnull=True), name="conversation_name"),
        )

    def __str__(self) -> str:
        return str(self.pk)

    @property
    def is_group(self) -> bool:
        return self.first_id is None

    @property
    def activity_title(self) -> str:
        """Rows of activity are read by others: neither the name of a group nor who is in it."""
        return _("Conversation")

    def get_absolute_url(self) -> str:
        return reverse("conversation_show", args=[self.pk])


class Participant(models.Model):
    """Somebody in a conversation. They read from `first_number` on: who comes later does not read what was before."""

    conversation = models.ForeignKey(Conversation, on_delete=models.CASCADE, related_name="participants")
    member = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+", db_index=False
    )
    state = models.CharField(max_length=10, choices=ParticipantState)
    first_number = models.PositiveIntegerField(default=1)
    last_read_number = models.PositiveIntegerField(default=0)
    # Who brought them in; null for the one who began.
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.CASCADE, related_name="+", db_index=False
    )
    asked_at = models.DateTimeField()
    # When the asker's right to reach them was used up: counts first contacts, also those that were accepted.
    is_first_contact = models.BooleanField(default=False)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["conversation", "member"], name="participant_once"),
            models.CheckConstraint(
                condition=Q(state__in=ParticipantState.values), name="participant_state_known"
            ),
            models.CheckConstraint(condition=Q(first_number__gte=1), name="participant_reads_from_one"),
        )
        indexes = (
            # What somebody takes part in.
            models.Index(fields=["member", "conversation"], name="participant_of_member"),
            # How many first contacts somebody has begun lately.
            models.Index(
                fields=["asked_by", "asked_at"], condition=Q(is_first_contact=True), name="participant_asked"
            ),
        )

    def __str__(self) -> str:
        return f"{self.member_id} in {self.conversation_id}"

    @property
    def activity_title(self) -> str:
        return _("Conversation")

    def get_absolute_url(self) -> str:
        """The list, not the conversation: two rows of activity do not tell who talks with whom."""
        return reverse("conversation_list")


class MessageQuerySet(models.QuerySet["Message"]):
    def visible_to(self, user: object) -> Self:
        """What was received and its author has not deleted since."""
        return self.received_by(user).filter(deleted_at__isnull=True)

    def received_by(self, user: object) -> Self:
        """What stands in one's own conversations since one is in them; also where only a gap is left of it.

        In a group, without what somebody wrote whom the reader has blocked. Between two it stays: it may have to be
        reported.
        """
        if not isinstance(user, Member) or not user.is_admitted:
            return self.none()
        mine = Participant.objects.filter(
            conversation=OuterRef("conversation"),
            member=user.pk,
            state__in=READING,
            first_number__lte=OuterRef("number"),
        )
        blocked = Tie.objects.filter(member=user.pk, kind=TieKind.BLOCK, other=OuterRef("author"))
        between_two = Q(conversation__first__isnull=False)
        return self.filter(Exists(mine)).filter(between_two | ~Exists(blocked))


class Message(models.Model):
    """One numbered message; stored as posts are: the source, and what the renderer made of it.

    `version` grows with each change, silent ones included. What was deleted keeps its words for 30 days, for whoever
    wrote it, to bring it back, and for a report by whoever received it; then only the number is left. The vector holds
    the words of its files too.
    """

    conversation = models.ForeignKey(
        Conversation, on_delete=models.CASCADE, related_name="messages", db_index=False
    )
    number = models.PositiveIntegerField()
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    source = models.TextField()
    source_format = models.CharField(max_length=10, choices=SOURCE_FORMATS)
    html = models.TextField()
    renderer_version = models.PositiveSmallIntegerField()
    created_at = models.DateTimeField()
    version = models.PositiveIntegerField(default=1, db_default=1)
    edited_at = models.DateTimeField(null=True)
    deleted_at = models.DateTimeField(null=True)
    # Rule 8.1: taken away by moderation; only a decision in the queue brings it back. Always deleted as well.
    hidden_at = models.DateTimeField(null=True)
    vector = SearchVectorField()

    objects = MessageQuerySet.as_manager()

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=Q(hidden_at__isnull=True) | Q(deleted_at__isnull=False),
                name="message_hidden_is_gone",
            ),
            models.UniqueConstraint(fields=["conversation", "number"], name="message_number_once"),
            models.CheckConstraint(
                condition=Q(source_format__in=[value for value, _label in SOURCE_FORMATS]),
                name="message_format_known",
            ),
        )
        indexes = (
            GinIndex(fields=["vector"], name="message_vector", fastupdate=False),
            # What the renderer's next version has to go through.
            models.Index(fields=["renderer_version", "id"], name="message_renderer_version"),
            # Whose words are to go.
            models.Index(
                fields=["deleted_at"], condition=Q(deleted_at__isnull=False), name="message_deleted"
            ),
        )

    def __str__(self) -> str:
        return str(self.pk)

    @property
    def activity_title(self) -> str:
        """Never a word of it."""
        return _("Message")

    def get_absolute_url(self) -> str:
        """Names the message, not the conversation; for whoever is in it, it leads there."""
        return reverse("message_show", args=[self.pk])
