"""The library: resources, the passages they are made of, who wrote those, and who used them."""

from datetime import datetime, timedelta
from typing import Final, Self

from django.conf import settings
from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from community.core.http import address_of
from community.core.models import Module
from community.core.statements import OneOf
from discussions.models.post import SOURCE_FORMATS, Post
from discussions.models.space import Space, SpacePreset, stewarded_space_ids, visible_space_ids
from discussions.models.topic import TITLE_LENGTH, Topic
from members.models import Member, Organisation, RoleName

SUMMARY_LENGTH: Final = 300
LEAD_LENGTH: Final = 1_000
#: Rule 5.2: so long contributors have to approve, edit, go nameless or refuse.
CONSENT_FOR: Final = timedelta(days=5)
#: Rule 5.1: how long a resource is taken to be right where nobody says otherwise.
REVIEW_AFTER: Final = timedelta(days=365)


class ResourceKind(models.TextChoices):
    """Rule 5.1."""

    ARTICLE = "article", _("Article")
    GUIDE = "guide", _("Guide")
    CASE = "case", _("Case")
    TEMPLATE = "template", _("Template")
    RECORDING = "recording", _("Recording")
    LINK = "link", _("Link")
    READING_LIST = "reading_list", _("Reading list")
    DECISION_NOTE = "decision_note", _("Decision note")


class ResourceState(models.TextChoices):
    """What the moments of a resource come to. Not a column: the moments are."""

    DRAFT = "draft", _("Draft")
    IN_REVIEW = "in_review", _("In review")
    PUBLISHED = "published", _("Published")
    RETIRED = "retired", _("Retired")


class Part(models.TextChoices):
    """Rule 5.2: what somebody did in the conversation. Editing is known from the versions."""

    ASKED = "asked", _("asked")
    ANSWERED = "answered", _("answered")
    CHALLENGED = "challenged", _("challenged")


class Consent(models.TextChoices):
    """What a contributor says. Editing one's own words is approving of them. Silence is no row here: see `standing`."""

    WAITING = "", _("has not answered")
    APPROVED = "approved", _("Use my words, with my name")
    NAMELESS = "nameless", _("Use my words, without my name")
    REFUSED = "refused", _("Do not use my words")


class ResourceQuerySet(models.QuerySet["Resource"]):
    def published(self) -> Self:
        return self.filter(published_at__isnull=False, retired_at__isnull=True)

    def stale(self) -> Self:
        """Rule 5.1: whose review date is over."""
        return self.published().filter(review_on__lte=Now())

    def visible_to(self, user: object) -> Self:
        """Whatever was published, to who sees its space; before that, to its owner, to who looks after the space, and
        to those who were asked for their words and have not refused them."""
        if not isinstance(user, Member) or not user.uses(Module.LIBRARY):
            return self.none()
        spaces = list(visible_space_ids(user))
        sees_all = user.has_role(RoleName.MODERATOR, RoleName.MANAGER)
        looked_after = spaces if sees_all else list(stewarded_space_ids(user))
        asked = ResourceContributor.objects.filter(
            resource=OuterRef("pk"), member=user, asked_at__isnull=False
        ).exclude(choice=Consent.REFUSED)
        return self.filter(OneOf("space_id", spaces)).filter(
            Q(published_at__isnull=False) | Q(owner=user) | OneOf("space_id", looked_after) | Exists(asked)
        )


class Resource(models.Model):
    """Something worth keeping. Who may see it is `visible_to`; it stands in one space, as a topic does.

    `source` is what its owner writes; what others wrote in the conversation are its passages. `dissent` says who sees
    it otherwise, and `is_undisputed` that nobody did. `version` grows at each change and is the lock against two tabs;
    `edit_note` is about the present one. `topic` is where it is talked about. `used_count` and `changed_count` are
    taps of "used it" and "changed my decision". `review_on` is the day it is to be looked at again.
    """

    space = models.ForeignKey(Space, on_delete=models.PROTECT, related_name="resources", db_index=False)
    kind = models.CharField(max_length=20, choices=ResourceKind)
    title = models.CharField(max_length=TITLE_LENGTH)
    summary = models.CharField(max_length=SUMMARY_LENGTH, blank=True)
    link = models.URLField(max_length=500, blank=True)
    source = models.TextField(blank=True)
    source_format = models.CharField(max_length=10, choices=SOURCE_FORMATS)
    html = models.TextField(blank=True)
    dissent = models.TextField(blank=True)
    is_undisputed = models.BooleanField(default=False)
    renderer_version = models.PositiveSmallIntegerField()
    version = models.PositiveIntegerField(default=1)
    edit_note = models.CharField(max_length=200, blank=True)
    edited_at = models.DateTimeField()
    edited_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    topic = models.ForeignKey(Topic, null=True, on_delete=models.PROTECT, related_name="+")
    review_on = models.DateField(null=True)
    created_at = models.DateTimeField()
    submitted_at = models.DateTimeField(null=True)
    # What a reviewer wanted changed, until it is submitted again.
    return_reason = models.CharField(max_length=500, blank=True)
    published_at = models.DateTimeField(null=True)
    published_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    retired_at = models.DateTimeField(null=True)
    retire_reason = models.CharField(max_length=300, blank=True)
    # When the owner was told that the review date is over: once for each date.
    reminded_at = models.DateTimeField(null=True)
    used_count = models.PositiveIntegerField(default=0, db_default=0)
    changed_count = models.PositiveIntegerField(default=0, db_default=0)

    objects = ResourceQuerySet.as_manager()

    class Meta:
        constraints = (
            models.CheckConstraint(condition=Q(kind__in=ResourceKind.values), name="resource_kind_known"),
            models.CheckConstraint(condition=~Q(title=""), name="resource_has_title"),
            # Rule 5.1: draft, in review, published, retired, in this order; what is published is looked at again.
            models.CheckConstraint(
                condition=Q(published_at__isnull=True)
                | Q(submitted_at__isnull=False, review_on__isnull=False, published_by__isnull=False),
                name="resource_reviewed_before_published",
            ),
            models.CheckConstraint(
                condition=Q(retired_at__isnull=True) | Q(published_at__isnull=False),
                name="resource_published_before_retired",
            ),
            models.CheckConstraint(
                condition=Q(is_undisputed=False) | Q(dissent=""), name="resource_disputed_or_not"
            ),
        )
        indexes = (
            # The library: the newest first, of one space and of all.
            models.Index(
                fields=["space", "-published_at", "-id"],
                condition=Q(published_at__isnull=False, retired_at__isnull=True),
                name="resource_newest_in_space",
            ),
            models.Index(
                fields=["-published_at", "-id"],
                condition=Q(published_at__isnull=False, retired_at__isnull=True),
                name="resource_newest",
            ),
            models.Index(
                fields=["review_on"],
                condition=Q(published_at__isnull=False, retired_at__isnull=True),
                name="resource_stale",
            ),
            # What waits for a reviewer.
            models.Index(
                fields=["submitted_at"],
                condition=Q(submitted_at__isnull=False, published_at__isnull=True),
                name="resource_in_review",
            ),
        )

    def __str__(self) -> str:
        return self.title

    @property
    def activity_title(self) -> str:
        return self.title

    @property
    def state(self) -> ResourceState:
        if self.retired_at is not None:
            return ResourceState.RETIRED
        if self.published_at is not None:
            return ResourceState.PUBLISHED
        return ResourceState.DRAFT if self.submitted_at is None else ResourceState.IN_REVIEW

    def get_absolute_url(self) -> str:
        return f"{address_of('resource_show')}{self.pk}/"


class ResourceSource(models.Model):
    """A thread that a resource is about or was made from; `seen_number` is how far its owner has read it."""

    resource = models.ForeignKey(Resource, on_delete=models.CASCADE, related_name="sources", db_index=False)
    topic = models.ForeignKey(Topic, on_delete=models.PROTECT, related_name="resource_sources")
    seen_number = models.PositiveIntegerField()

    class Meta:
        constraints = (models.UniqueConstraint(fields=["resource", "topic"], name="resource_source_once"),)

    def __str__(self) -> str:
        return f"{self.resource_id} from {self.topic_id}"


class ResourceContributor(models.Model):
    """Somebody whose words are in a resource, and what they said to it (rule 5.2).

    Read by the actions and by this person's own page. Pages name somebody only where `is_named`. `may_leave` says that
    the words may also be read outside of the space they were written in: only the contributor can say so.
    """

    resource = models.ForeignKey(
        Resource, on_delete=models.CASCADE, related_name="contributors", db_index=False
    )
    member = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    choice = models.CharField(max_length=10, choices=Consent, blank=True, default=Consent.WAITING)
    may_leave = models.BooleanField(default=False)
    asked_at = models.DateTimeField(null=True)
    due_at = models.DateTimeField(null=True)
    answered_at = models.DateTimeField(null=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["resource", "member"], name="resource_contributor_once"),
            models.CheckConstraint(condition=Q(choice__in=Consent.values), name="resource_consent_known"),
            models.CheckConstraint(
                condition=Q(choice="", answered_at__isnull=True)
                | (~Q(choice="") & Q(answered_at__isnull=False)),
                name="resource_consent_has_its_time",
            ),
            models.CheckConstraint(
                condition=Q(asked_at__isnull=True, due_at__isnull=True)
                | Q(asked_at__isnull=False, due_at__isnull=False),
                name="resource_asked_until_a_day",
            ),
        )

    def __str__(self) -> str:
        return f"{self.resource_id}"

    @property
    def is_named(self) -> bool:
        """Only a yes is a yes: whoever has not answered is named no more than whoever wants no name."""
        return self.choice == Consent.APPROVED

    def is_waited_for(self, now: datetime) -> bool:
        """Not asked yet, or asked and still within the five days."""
        return self.choice == Consent.WAITING and (self.due_at is None or self.due_at > now)


class ResourcePassageQuerySet(models.QuerySet["ResourcePassage"]):
    def visible_to(self, user: object) -> Self:
        """Those of threads that the reader sees where they stand now, what may leave its space, and one's own words.

        A thread that was moved into a closed space takes its words with it, out of whatever was made of them.
        """
        if not isinstance(user, Member):
            return self.none()
        here = OneOf("post__topic__space_id", list(visible_space_ids(user)))
        return self.filter(here | Q(contributor__may_leave=True) | Q(contributor__member=user))

    def for_all_in(self, space: Space) -> Self:
        """Those that everybody sees who sees the space: what is kept for all readers together holds no others."""
        return self.filter(
            Q(post__topic__space=space)
            | Q(post__topic__space__preset__in=[SpacePreset.OPEN, SpacePreset.READ_ONLY])
            | Q(contributor__may_leave=True)
        )


class ResourcePassage(models.Model):
    """Words out of a post, with what leads to them; `contributor` is null where the post names nobody.

    Who wrote it stands in `contributor` alone, so that a choice made there holds for every reader.
    """

    resource = models.ForeignKey(Resource, on_delete=models.CASCADE, related_name="passages", db_index=False)
    position = models.PositiveIntegerField()
    contributor = models.ForeignKey(
        ResourceContributor, null=True, on_delete=models.PROTECT, related_name="passages", db_index=False
    )
    post = models.ForeignKey(Post, on_delete=models.PROTECT, related_name="resource_passages")
    part = models.CharField(max_length=12, choices=Part)
    lead = models.CharField(max_length=LEAD_LENGTH, blank=True)
    source = models.TextField()
    source_format = models.CharField(max_length=10, choices=SOURCE_FORMATS)
    html = models.TextField()
    renderer_version = models.PositiveSmallIntegerField()

    objects = ResourcePassageQuerySet.as_manager()

    class Meta:
        ordering = ("position", "pk")
        constraints = (
            models.UniqueConstraint(fields=["resource", "post"], name="resource_passage_once"),
            models.CheckConstraint(condition=Q(part__in=Part.values), name="resource_part_known"),
        )
        indexes = (
            models.Index(fields=["resource", "position"], name="resource_passages"),
            models.Index(
                fields=["contributor"], condition=Q(contributor__isnull=False), name="resource_passage_by"
            ),
        )

    def __str__(self) -> str:
        return f"{self.resource_id} · {self.position}"

    def get_absolute_url(self) -> str:
        return f"{self.resource.get_absolute_url()}#passage-{self.pk}"


class ResourceRevision(models.Model):
    """A published version that a change replaced. Drafts leave none: what is refused leaves with them.

    `passages` has `id` and `words` of each, and nobody's name.
    """

    resource = models.ForeignKey(Resource, on_delete=models.CASCADE, related_name="revisions", db_index=False)
    version = models.PositiveIntegerField()
    title = models.CharField(max_length=TITLE_LENGTH)
    source = models.TextField(blank=True)
    source_format = models.CharField(max_length=10, choices=SOURCE_FORMATS)
    dissent = models.TextField(blank=True)
    passages = models.JSONField(default=list)
    note = models.CharField(max_length=200, blank=True)
    edited_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    edited_at = models.DateTimeField()

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["resource", "version"], name="resource_revision_once"),
        )

    def __str__(self) -> str:
        return f"{self.resource_id} v{self.version}"


class Outcome(models.TextChoices):
    """Rule 5.4."""

    USED = "used", _("Used it")
    CHANGED = "changed", _("Changed my decision")

    @property
    def counter(self) -> str:
        """The column of the resource that counts it."""
        return f"{self.value}_count"


class ResourceOutcome(models.Model):
    resource = models.ForeignKey(Resource, on_delete=models.CASCADE, related_name="outcomes", db_index=False)
    member = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    outcome = models.CharField(max_length=10, choices=Outcome)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["resource", "member", "outcome"], name="resource_outcome_once"),
            models.CheckConstraint(condition=Q(outcome__in=Outcome.values), name="resource_outcome_known"),
        )

    def __str__(self) -> str:
        return f"{self.outcome} {self.resource_id}"


class ResourceReader(models.Model):
    """Rule 5.4: that somebody has read or downloaded it, once; company and staff as they were then (rule 0.2).

    Shown as numbers of five people or more, and never as names.
    """

    resource = models.ForeignKey(Resource, on_delete=models.CASCADE, related_name="readers", db_index=False)
    member = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    organisation = models.ForeignKey(
        Organisation, null=True, on_delete=models.SET_NULL, related_name="+", db_index=False
    )
    was_staff = models.BooleanField()
    read_at = models.DateTimeField()
    downloaded_at = models.DateTimeField(null=True)

    class Meta:
        constraints = (models.UniqueConstraint(fields=["resource", "member"], name="resource_reader_once"),)

    def __str__(self) -> str:
        return f"{self.resource_id}"


class CollectionQuerySet(models.QuerySet["Collection"]):
    def visible_to(self, user: object) -> Self:
        if not isinstance(user, Member) or not user.uses(Module.LIBRARY):
            return self.none()
        return self.filter(OneOf("space_id", list(visible_space_ids(user))))


class Collection(models.Model):
    """Rule 5.3: resources that somebody put together, with the reason why. It stands in a space, as they do."""

    space = models.ForeignKey(Space, on_delete=models.PROTECT, related_name="+")
    name = models.CharField(max_length=80)
    why = models.CharField(max_length=500)
    curator = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField()

    objects = CollectionQuerySet.as_manager()

    class Meta:
        constraints = (
            models.CheckConstraint(condition=~Q(name="") & ~Q(why=""), name="collection_says_why"),
        )

    def __str__(self) -> str:
        return self.name

    @property
    def activity_title(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return f"{address_of('collection_show')}{self.pk}/"


class CollectionItem(models.Model):
    collection = models.ForeignKey(Collection, on_delete=models.CASCADE, related_name="items", db_index=False)
    resource = models.ForeignKey(Resource, on_delete=models.CASCADE, related_name="collection_items")
    position = models.PositiveIntegerField()
    why = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ("position", "pk")
        constraints = (
            models.UniqueConstraint(fields=["collection", "resource"], name="collection_item_once"),
        )

    def __str__(self) -> str:
        return f"{self.collection_id} · {self.resource_id}"
