"""Every verb that can stand in an activity row, complete and in one place; each comment names the keys of `data`."""

from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _


class Verb(models.TextChoices):
    """`noun.past_tense`. Rows keep the value for ever, so a verb is never renamed and never reused."""

    # members
    MEMBER_JOINED = "member.joined", _("joined")  # source: import, command, demo, manager, invitation
    MEMBER_DEACTIVATED = "member.deactivated", _("was deactivated")  # reason
    MEMBER_REACTIVATED = "member.reactivated", _("was reactivated")
    ROLE_GRANTED = "role.granted", _("was granted a role")  # role, until (ISO date or null)
    ROLE_ENDED = "role.ended", _("gave up a role")  # role
    PROFILE_EDITED = "profile.edited", _("edited the profile")  # fields: names of what changed, never values
    EMPLOYMENT_STARTED = "employment.started", _("joined an organisation")  # title
    EMPLOYMENT_ENDED = "employment.ended", _("left an organisation")
    ORGANISATION_CREATED = "organisation.created", _("added an organisation")  # kind
    ORGANISATION_EDITED = "organisation.edited", _("edited an organisation")  # fields: name, kind, domains
    API_TOKEN_CREATED = "api_token.created", _("created an API token")  # name, scopes
    API_TOKEN_REVOKED = "api_token.revoked", _("revoked an API token")  # name

    # discussions
    SPACE_CREATED = "space.created", _("opened a space")  # preset
    SPACE_EDITED = "space.edited", _("edited a space")  # fields
    SPACE_MEMBER_ADDED = "space_member.added", _("was added to a space")
    SPACE_MEMBER_REMOVED = "space_member.removed", _("was removed from a space")
    TAG_EDITED = "tag.edited", _("described a tag")  # fields
    TOPIC_CREATED = "topic.created", _("started a topic")  # kind, topic_id
    TOPIC_EDITED = "topic.edited", _("edited a topic")  # fields, topic_id
    TOPIC_CLOSED = "topic.closed", _("closed a topic")  # reason, topic_id
    TOPIC_REOPENED = "topic.reopened", _("reopened a topic")  # topic_id
    # topic_id, number, reply_to_id, kind of topic; counterpart: who is answered
    POST_CREATED = "post.created", _("replied")
    POST_EDITED = "post.edited", _("edited a post")  # topic_id, number, version
    POST_DELETED = "post.deleted", _("deleted a post")  # topic_id, number
    POST_RESTORED = "post.restored", _("restored a post")  # topic_id, number
    POST_THANKED = "post.thanked", _("said thanks")  # topic_id, number; counterpart: the author
    POST_UNTHANKED = "post.unthanked", _("took back a thanks")  # topic_id, number; counterpart: the author
    # topic_id, number; counterpart: the answerer
    ANSWER_ACCEPTED = "answer.accepted", _("accepted an answer")
    ANSWER_UNACCEPTED = "answer.unaccepted", _("took back an accepted answer")  # topic_id, number

    # the root
    IMPORT_FINISHED = "import.finished", _("finished an import")  # format, added (counts by kind)


def verb_choices() -> list[tuple[str, Any]]:
    """For the model's field: handed over as a function, so that a new verb needs no migration."""
    return list(Verb.choices)
