"""Every verb that can stand in an activity row, complete and in one place; each comment names the keys of `data`."""

from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _


class Verb(models.TextChoices):
    """`noun.past_tense`. Rows keep the value for ever, so a verb is never renamed and never reused."""

    # members
    MEMBER_JOINED = (
        "member.joined",
        _("joined"),
    )  # source: import, command, demo, manager, application, invitation, domain, sso, return; tier
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

    # the gate
    GATE_EDITED = "gate.edited", _("edited the gate")  # noun: gate, tier, criterion, question; fields
    APPLICATION_STARTED = "application.started", _("started an application")  # tier
    APPLICATION_SUBMITTED = "application.submitted", _("applied")  # tier, due_at
    APPLICATION_TAKEN = "application.taken", _("took an application")  # by is its owner now
    APPLICATION_ASKED = "application.asked", _("asked an applicant for more")  # step
    APPLICATION_ANSWERED = "application.answered", _("answered a reviewer's question")
    APPLICATION_ASSESSED = "application.assessed", _("assessed an application")  # criterion_id, verdict
    APPLICATION_NOTED = "application.noted", _("noted something about an application")
    APPLICATION_REVIEWED = "application.reviewed", _("gave one of two decisions")  # accepts
    # tier, in_time, step
    APPLICATION_WAITLISTED = "application.waitlisted", _("put an applicant on the waitlist")
    APPLICATION_MOVED = "application.moved", _("moved an applicant on the waitlist")  # rank, place, reason
    # tier, in_time, moved_up, at_once, step
    APPLICATION_ACCEPTED = "application.accepted", _("accepted an applicant")
    APPLICATION_DECLINED = "application.declined", _("declined an applicant")  # tier, in_time, not_met, step
    APPLICATION_WITHDRAWN = "application.withdrawn", _("withdrew an application")
    VOUCH_ASKED = "vouch.asked", _("asked for a vouch")  # request_id
    VOUCH_GIVEN = "vouch.given", _("vouched for an applicant")  # has_conflict; counterpart: the applicant
    INVITATION_SENT = "invitation.sent", _("invited somebody")  # tier, skips, batch
    INVITATION_REVOKED = "invitation.revoked", _("revoked an invitation")
    INVITATION_ACCEPTED = "invitation.accepted", _("came by an invitation")  # counterpart: who invited
    DOMAIN_RULE_SET = "domain_rule.set", _("set a rule for a domain")  # domain, policy
    DOMAIN_RULE_REMOVED = "domain_rule.removed", _("removed a rule for a domain")  # domain
    TERMS_DRAFTED = "terms.drafted", _("wrote a draft of the terms")  # kind, version
    TERMS_PUBLISHED = "terms.published", _("published terms")  # kind, version
    TERMS_ACCEPTED = "terms.accepted", _("accepted terms")  # kind, version
    # how somebody stands
    MEMBER_CLAIMED = "member.claimed", _("signed in for the first time")  # as an applicant or as more
    MEMBER_ARRIVED = "member.arrived", _("was here for the first time after being let in")
    WELCOME_FINISHED = "welcome.finished", _("was welcomed")  # skipped: names of the steps
    MEMBER_PAUSED = "member.paused", _("paused")  # until
    MEMBER_RESUMED = "member.resumed", _("came back from a pause")
    MEMBER_LEFT = "member.left", _("left the community")
    MEMBER_RETURNED = "member.returned", _("came back to the community")
    MEMBER_SUSPENDED = "member.suspended", _("was suspended")  # until
    SUSPENSION_LIFTED = "suspension.lifted", _("lifted a suspension")
    # grade, until; space: where somebody is quiet, none for everywhere
    SANCTION_IMPOSED = "sanction.imposed", _("was warned or is quiet")
    SANCTION_LIFTED = "sanction.lifted", _("lifted a sanction")
    APPEAL_MADE = "appeal.made", _("appealed")
    APPEAL_DECIDED = "appeal.decided", _("decided an appeal")  # is_granted
    # people
    FACT_FIELD_EDITED = "fact_field.edited", _("edited a profile field")  # key
    PHOTO_CHANGED = "photo.changed", _("changed the photo")
    EXPERTISE_GRANTED = "expertise.granted", _("was recognised as an expert")  # topic
    EXPERTISE_REVIEWED = "expertise.reviewed", _("reviewed an expert label")  # topic
    EXPERTISE_ENDED = "expertise.ended", _("ended an expert label")  # topic
    MEMBER_FOLLOWED = "member.followed", _("followed a member")  # counterpart: who is followed
    MEMBER_UNFOLLOWED = "member.unfollowed", _("no longer follows a member")
    INTRODUCTION_PROPOSED = "introduction.proposed", _("proposed an introduction")
    INTRODUCTION_MADE = "introduction.made", _("introduced two members")  # first_id, second_id
    MEMBER_NOTED = "member.noted", _("noted something about a member")
    DIRECTORY_EXPORTED = "directory.exported", _("exported the directory")  # rows
    IDENTITY_PROVIDER_SET = "identity_provider.set", _("set a company's sign-in")  # protocol
    IDENTITY_PROVIDER_REMOVED = "identity_provider.removed", _("removed a company's sign-in")

    # discussions
    SPACE_CREATED = "space.created", _("opened a space")  # preset
    SPACE_EDITED = "space.edited", _("edited a space")  # fields
    SPACE_MEMBER_ADDED = "space_member.added", _("was added to a space")
    SPACE_MEMBER_REMOVED = "space_member.removed", _("was removed from a space")
    SPACE_ARCHIVED = "space.archived", _("archived a space")
    SPACE_REOPENED = "space.reopened", _("took a space out of the archive")
    SPACE_REQUESTED = "space.requested", _("asked to be listed in a space")
    SPACE_REQUEST_DECIDED = "space_request.decided", _("decided who is listed")  # is_listed; counterpart
    STEWARD_NAMED = "steward.named", _("named a steward")  # until; counterpart: the steward
    STEWARD_ENDED = "steward.ended", _("ended a stewardship")  # counterpart: the steward
    TAG_PROPOSED = "tag.proposed", _("proposed a tag")  # topic_id
    TAG_ACCEPTED = "tag.accepted", _("accepted a tag")
    TAG_MERGED = "tag.merged", _("merged a tag into another")  # into_id
    TAG_EDITED = "tag.edited", _("described a tag")  # fields
    TOPIC_CREATED = "topic.created", _("started a topic")  # kind, topic_id, mentioned_ids
    TOPIC_EDITED = "topic.edited", _("edited a topic")  # fields, topic_id
    TOPIC_CLOSED = "topic.closed", _("closed a topic")  # reason, topic_id
    TOPIC_REOPENED = "topic.reopened", _("reopened a topic")  # topic_id
    TOPIC_PINNED = "topic.pinned", _("pinned a topic")  # topic_id, reason, until
    TOPIC_UNPINNED = "topic.unpinned", _("unpinned a topic")  # topic_id
    TOPIC_REPLIES_SWITCHED = "topic.replies_switched", _("switched replies")  # topic_id, takes_replies
    TOPIC_MOVED = "topic.moved", _("moved a topic")  # topic_id, from_space_id, reason
    TOPIC_SPLIT = "topic.split", _("split a topic")  # topic_id: the new one; from_topic_id, post_ids, reason
    TOPIC_MERGED = (
        "topic.merged",
        _("merged a topic"),
    )  # topic_id: what it is part of now; from_topic_id, reason
    SESSION_SETTLED = "session.settled", _("settled a session")  # topic_id, starts_at, host_ids
    SESSION_BEGUN = "session.begun", _("began")  # topic_id
    SESSION_QUESTION_ASKED = "session_question.asked", _("asked in a session")  # topic_id, post_id
    # topic_id, post_id, answer_id; counterpart: who asked
    SESSION_QUESTION_ANSWERED = "session_question.answered", _("answered in a session")
    SESSION_QUESTION_SUPPORTED = "session_question.supported", _("wants to know this too")  # topic_id
    SESSION_QUESTION_UNSUPPORTED = "session_question.unsupported", _("took back a support")  # topic_id
    # topic_id, number, reply_to_id, kind of topic, mentioned_ids; counterpart: who is answered
    POST_CREATED = "post.created", _("replied")
    POST_EDITED = (
        "post.edited",
        _("edited a post"),
    )  # topic_id, number, version, mentioned_ids: who is new among them
    POST_DELETED = "post.deleted", _("deleted a post")  # topic_id, number
    POST_RESTORED = "post.restored", _("restored a post")  # topic_id, number
    POST_THANKED = "post.thanked", _("said thanks")  # topic_id, number; counterpart: the author
    POST_UNTHANKED = "post.unthanked", _("took back a thanks")  # topic_id, number; counterpart: the author
    POST_REACTED = (
        "post.reacted",
        _("reacted to a post"),
    )  # topic_id, number, reaction; counterpart: the author
    POST_UNREACTED = "post.unreacted", _("took back a reaction")  # as POST_REACTED
    QUESTION_CLAIMED = "question.claimed", _("is answering a question")  # topic_id; counterpart: the asker
    QUESTION_RELEASED = "question.released", _("is not answering a question")  # topic_id
    ANSWER_REQUESTED = (
        "answer.requested",
        _("asked somebody to answer"),
    )  # topic_id; counterpart: who is asked
    # topic_id, number; counterpart: the answerer
    ANSWER_ACCEPTED = "answer.accepted", _("accepted an answer")
    ANSWER_UNACCEPTED = "answer.unaccepted", _("took back an accepted answer")  # topic_id, number
    # messages (rule 3.13): never a word of them, and no counterpart: the target leads only those who take part
    MESSAGE_SENT = "message.sent", _("sent a message")  # is_group, is_first
    MESSAGE_EDITED = "message.edited", _("edited a message")  # version
    MESSAGE_DELETED = "message.deleted", _("deleted a message")
    MESSAGE_RESTORED = "message.restored", _("restored a message")
    # target: the participant
    MESSAGE_REQUEST_ACCEPTED = "message_request.accepted", _("accepted a first message")
    PARTICIPANT_ADDED = "participant.added", _("added somebody to a conversation")  # target: the participant
    PARTICIPANT_LEFT = "participant.left", _("left a conversation")  # target: the participant
    REPORT_MADE = "report.made", _("reported something")  # target_type, reason
    # moderation (rules 8.1 to 8.6): target: the case, never what it is about; no reporter and no author beside it
    CASE_OPENED = "case.opened", _("put something into the queue")  # kind of thing, reason, is_hidden, rules
    CASE_TAKEN = "case.taken", _("took a case")
    CASE_RELEASED = "case.released", _("gave a case back to the queue")
    CASE_RULED = "case.ruled", _("decided a case")  # ruling, kind, in_time; counterpart: whose thing it is
    CASE_ANSWERED = "case.answered", _("sent again what was returned")
    RULING_UNDONE = "ruling.undone", _("took a decision back")  # ruling, kind
    POST_HIDDEN = "post.hidden", _("hid a post")  # topic_id, number
    POST_SHOWN = "post.shown", _("showed a hidden post")  # topic_id, number
    TOPIC_HIDDEN = "topic.hidden", _("hid a topic")  # topic_id
    TOPIC_SHOWN = "topic.shown", _("showed a hidden topic")  # topic_id
    CASES_EXPORTED = "case.exported", _("exported the queue of moderation")  # list, rows
    CANNED_REASON_CREATED = "canned_reason.created", _("kept words for moderators to use again")
    CANNED_REASON_EDITED = "canned_reason.edited", _("changed words that moderators use again")
    CANNED_REASON_DELETED = "canned_reason.deleted", _("took away words that moderators use again")
    PROFILE_HIDDEN = "profile.hidden", _("hid a profile")
    PROFILE_SHOWN = "profile.shown", _("showed a hidden profile")
    STEWARD_PROPOSED = "steward.proposed", _("proposed a steward")  # counterpart: who is proposed
    STEWARD_PROPOSAL_DECIDED = "steward_proposal.decided", _("decided a proposal")  # is_named; counterpart
    LISTEN_FLAGGED = "listen.flagged", _("is to be listened to")  # topic_id, signals
    LISTEN_SETTLED = "listen.settled", _("answered a critic")  # topic_id, in_time

    # the library (rule 5). Until it is published, and of what contributors say: no actor and no counterpart, because
    # who goes nameless is named nowhere
    RESOURCE_CREATED = "resource.created", _("began a resource")  # kind, passages: how many
    RESOURCE_ASKED = "resource.asked", _("asked contributors about their words")  # contributors: how many
    RESOURCE_ANSWERED = "resource.answered", _("answered about their words")  # choice
    RESOURCE_SUBMITTED = "resource.submitted", _("handed in a resource")
    RESOURCE_RETURNED = "resource.returned", _("returned a resource")  # reason; counterpart: the owner
    # kind, topic_id: where it is talked about, source_topic_ids; counterpart: the owner
    RESOURCE_PUBLISHED = "resource.published", _("published a resource")
    RESOURCE_EDITED = "resource.edited", _("edited a resource")  # fields, version, note
    RESOURCE_REVIEWED = "resource.reviewed", _("looked a resource through")  # review_on
    RESOURCE_MOVED = "resource.moved", _("moved a resource")  # from_space_id, reason
    RESOURCE_RETIRED = "resource.retired", _("retired a resource")  # reason
    RESOURCE_RESTORED = "resource.restored", _("brought a resource back")
    RESOURCE_OUTCOME_GIVEN = "resource_outcome.given", _("said what a resource was good for")  # outcome
    RESOURCE_OUTCOME_WITHDRAWN = "resource_outcome.withdrawn", _("took it back")  # outcome
    COLLECTION_CREATED = "collection.created", _("began a collection")
    COLLECTION_EDITED = (
        "collection.edited",
        _("changed a collection"),
    )  # fields; resource_id of what came or went

    # polls (rule 4): never what was chosen, and never how many voted. Without a topic, topic_id is null
    POLL_CREATED = "poll.created", _("asked a poll")  # kind, topic_id
    POLL_EDITED = "poll.edited", _("edited a poll")  # fields, topic_id
    POLL_VOTED = "poll.voted", _("voted")  # topic_id
    POLL_VOTE_CHANGED = "poll_vote.changed", _("changed a vote")  # topic_id
    POLL_REMINDED = "poll.reminded", _("closes soon")  # topic_id
    POLL_CLOSED = "poll.closed", _("closed a poll")  # topic_id, outcome_due_at
    POLL_OUTCOME_MISSED = (
        "poll_outcome.missed",
        _("owes what was done with it"),
    )  # topic_id; counterpart: the author
    POLL_OUTCOME_WRITTEN = "poll_outcome.written", _("said what was done with a poll")  # topic_id, in_time
    POLL_EXPORTED = "poll.exported", _("exported the results of a poll")  # topic_id
    POLL_DELETED = "poll.deleted", _("deleted a poll")  # topic_id

    # notices and mail
    # fields: names of settings and reasons, never values
    NOTICE_PREFERENCE_EDITED = "notice_preference.edited", _("changed how notices arrive")
    ADDRESS_STOPPED = "address.stopped", _("cannot be reached by mail any more")  # status, reason

    # the root
    MODULE_SWITCHED = "module.switched", _("switched a module")  # name, is_on
    IMPORT_FINISHED = "import.finished", _("finished an import")  # format, added (counts by kind)


def verb_choices() -> list[tuple[str, Any]]:
    """For the model's field: handed over as a function, so that a new verb needs no migration."""
    return list(Verb.choices)
