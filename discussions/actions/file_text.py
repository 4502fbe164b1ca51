"""The words of files in posts, messages and resources, for the search; read by a job, because a file takes its time."""

import logging
import time
from typing import Final

from celery import shared_task
from django.core.files.storage import default_storage
from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils import timezone

from community.core.models import SearchEntry, SearchKind
from community.core.search import move_entries, put_entry, remove_entry
from community.core.text import plain_text
from discussions.actions.attachment import path_of
from discussions.actions.message import message_vector
from discussions.models import Attachment, Message, Resource, Topic
from discussions.office_text import TEXT_LENGTH, UnreadableError, text_of

logger = logging.getLogger(__name__)

FILES_AT_ONCE: Final = 20
#: No further file is begun after so many seconds: twenty that each take all their time would outlive the job.
ENOUGH_SECONDS: Final = 120.0
_TYPE: Final = "attachment"


@shared_task(name="discussions.read_files")
def read_files() -> int:
    """Read files of posts, resources and messages that were not read yet. Safe to run twice and at once; returns how
    many files, and messages, that were.

    A file of a post has an entry in the search. One of a message has none: its words stand with the message's own, in
    a row that only those who take part can reach.

    A file that cannot be read, because it is damaged, encrypted or hostile, is found by its name alone and not tried
    again. What is left over, a later run takes.
    """
    entries = SearchEntry.objects.filter(target_type=_TYPE, target_id=OuterRef("pk"))
    waiting = Attachment.objects.filter(
        ~Exists(entries), width=0, post__deleted_at__isnull=True, post__topic__deleted_at__isnull=True
    )
    ids = list(waiting.filter(post__isnull=False).order_by("pk").values_list("pk", flat=True)[:FILES_AT_ONCE])
    # Of resources, those that are published: a draft is found by nobody.
    kept = Attachment.objects.filter(
        ~Exists(entries), width=0, resource__in=Resource.objects.published()
    ).order_by("pk")
    ids += kept.values_list("pk", flat=True)[:FILES_AT_ONCE]
    private = Attachment.objects.filter(
        Exists(Message.objects.filter(pk=OuterRef("message_id"), deleted_at__isnull=True)),
        message_id__isnull=False,
        words_read_at__isnull=True,
        width=0,
    ).order_by("pk")
    message_ids = list(dict.fromkeys(private.values_list("message_id", flat=True)[:FILES_AT_ONCE]))
    read, until = 0, time.monotonic() + ENOUGH_SECONDS
    for pk in ids:
        if time.monotonic() < until:
            read += _read_file(pk)
    for message_id in message_ids:
        if message_id is not None and time.monotonic() < until:
            read += _read_files_of_message(message_id, until)
    return read


def forget_files(post_id: int) -> None:
    """The post is gone, and the words of its files with it."""
    for pk in Attachment.objects.filter(post=post_id).values_list("pk", flat=True):
        remove_entry(target_type=_TYPE, target_id=pk)


def forget_files_of_resource(resource_id: int) -> None:
    """The resource is retired or stands elsewhere: what its files say goes, and is read again where it may be found."""
    for pk in Attachment.objects.filter(resource=resource_id).values_list("pk", flat=True):
        remove_entry(target_type=_TYPE, target_id=pk)


def move_files(topic_id: int) -> None:
    """The topic's posts stand in another space now, and their files with them."""
    topic = Topic.objects.filter(pk=topic_id).first()
    if topic is not None:
        ids = list(Attachment.objects.filter(post__topic=topic_id).values_list("pk", flat=True))
        move_entries(_TYPE, ids, space_id=topic.space_id)


def _read_file(pk: int) -> bool:
    """Read without a lock, then write where the post still stands."""
    file = Attachment.objects.filter(pk=pk).first()
    if file is None or not default_storage.exists(path_of(file.name)):
        return False
    text = _words_of(file)
    if file.resource_id is not None:
        return _put_file_of_resource(file, file.resource_id, text)
    with transaction.atomic():
        # Of itself the row says nothing any more of who uploaded it: the post does, or nobody.
        locked = (
            Attachment.objects.select_for_update(of=("self",))
            .select_related("post__topic")
            .filter(pk=pk, post__deleted_at__isnull=True)
            .first()
        )
        if locked is None or locked.post is None:
            return False
        put_entry(
            SearchKind.FILE,
            target_type=_TYPE,
            target_id=pk,
            title=locked.file_name,
            text=text,
            space_id=locked.post.topic.space_id,
            author_id=locked.post.author_id,
            at=locked.post.created_at,
        )
    return True


def _put_file_of_resource(file: Attachment, resource_id: int, text: str) -> bool:
    with transaction.atomic():
        published = Resource.objects.published().select_for_update().filter(pk=resource_id)
        resource = published.first()
        if resource is None or resource.published_at is None:
            return False
        put_entry(
            SearchKind.FILE,
            target_type=_TYPE,
            target_id=file.pk,
            title=file.file_name,
            text=text,
            space_id=resource.space_id,
            author_id=resource.owner_id,
            at=resource.published_at,
        )
    return True


def _read_files_of_message(message_id: int, until: float) -> bool:
    """Read without a lock, then write; a file that comes meanwhile lets the next run read all of them again.

    Of more files than there is time for, the last ones are found by their names.
    """
    files = list(Attachment.objects.filter(message_id=message_id, width=0).order_by("pk"))
    words = ""
    for file in files:
        words += f"{file.file_name}\n"
        is_there = default_storage.exists(path_of(file.name))
        if is_there and len(words) < TEXT_LENGTH and time.monotonic() < until:
            words += f"{_words_of(file)}\n"
    with transaction.atomic():
        message = Message.objects.select_for_update().filter(pk=message_id, deleted_at__isnull=True).first()
        if message is None:
            return False
        message.vector = message_vector(plain_text(message.html), words[:TEXT_LENGTH])
        message.save(update_fields=["vector"])
        ids = [file.pk for file in files]
        Attachment.objects.filter(pk__in=ids).update(words_read_at=timezone.now())
    return True


def _words_of(file: Attachment) -> str:
    """'' where nothing can be read."""
    with default_storage.open(path_of(file.name)) as stored:
        content = stored.read()
    try:
        return text_of(content, file.file_name.rpartition(".")[2].lower())
    except UnreadableError as error:
        logger.warning("a file could not be read", extra={"reason": str(error), "count": file.size})
        return ""
