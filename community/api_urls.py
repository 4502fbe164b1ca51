"""The addresses of the API. Everything is under a version; the schema and its page describe that version."""

from django.urls import path

from community.views.api import api_docs, api_schema
from community.views.api_search import SearchEndpoint
from discussions.api.attachment import AttachmentEndpoint
from discussions.api.library import CollectionEndpoint, ResourceEndpoint, TopicResourceEndpoint
from discussions.api.message import ConversationEndpoint, ConversationMessageEndpoint, MessageEndpoint
from discussions.api.moderation import CaseEndpoint, OwnCaseEndpoint, ReportEndpoint
from discussions.api.notice import NoticeEndpoint, NoticePreferenceEndpoint
from discussions.api.place import SessionEndpoint, SessionQuestionEndpoint, TopicPlaceEndpoint
from discussions.api.poll import PollEndpoint
from discussions.api.reading import (
    BookmarkEndpoint,
    ForYouEndpoint,
    PostReactionEndpoint,
    QuestionEndpoint,
    SavedViewEndpoint,
    SpaceFollowEndpoint,
    UsefulTopicEndpoint,
)
from discussions.api.sanction import SanctionEndpoint
from discussions.api.topic import PostEndpoint, SpaceEndpoint, TopicEndpoint, TopicPostEndpoint
from members.api.application import ApplicationEndpoint
from members.api.introduction import IntroductionEndpoint
from members.api.invitation import InvitationEndpoint
from members.api.organisations import OrganisationEndpoint
from members.api.people import MemberEndpoint
from members.api.tie import TieEndpoint

urlpatterns = [
    path("schema/", api_schema, name="api_schema"),
    path("docs/", api_docs, name="api_docs"),
    path("v1/spaces/", SpaceEndpoint.as_view({"get": "list"}), name="api_space_list"),
    path("v1/spaces/<int:space_id>/", SpaceEndpoint.as_view({"get": "retrieve"}), name="api_space_show"),
    path(
        "v1/spaces/<int:space_id>/follow/",
        SpaceFollowEndpoint.as_view({"post": "follow"}),
        name="api_space_follow",
    ),
    path("v1/topics/for-you/", ForYouEndpoint.as_view({"get": "for_you"}), name="api_topic_for_you"),
    path("v1/topics/useful/", UsefulTopicEndpoint.as_view({"get": "useful"}), name="api_topic_useful"),
    path(
        "v1/topics/<int:topic_id>/claim/",
        QuestionEndpoint.as_view({"post": "claim"}),
        name="api_question_claim",
    ),
    path(
        "v1/topics/<int:topic_id>/release/",
        QuestionEndpoint.as_view({"post": "release"}),
        name="api_question_release",
    ),
    path("v1/topics/<int:topic_id>/ask/", QuestionEndpoint.as_view({"post": "ask"}), name="api_question_ask"),
    path(
        "v1/posts/<int:post_id>/react/",
        PostReactionEndpoint.as_view({"post": "react"}),
        name="api_post_react",
    ),
    path(
        "v1/posts/<int:post_id>/unreact/",
        PostReactionEndpoint.as_view({"post": "unreact"}),
        name="api_post_unreact",
    ),
    path(
        "v1/bookmarks/",
        BookmarkEndpoint.as_view({"get": "list", "post": "create"}),
        name="api_bookmark_list",
    ),
    path(
        "v1/bookmarks/<int:bookmark_id>/",
        BookmarkEndpoint.as_view({"patch": "partial_update", "delete": "destroy"}),
        name="api_bookmark_show",
    ),
    path("v1/views/", SavedViewEndpoint.as_view({"get": "list", "post": "create"}), name="api_view_list"),
    path(
        "v1/views/<int:view_id>/",
        SavedViewEndpoint.as_view({"patch": "partial_update", "delete": "destroy"}),
        name="api_view_show",
    ),
    path("v1/notices/", NoticeEndpoint.as_view({"get": "list"}), name="api_notice_list"),
    path("v1/notices/read/", NoticeEndpoint.as_view({"post": "read_all"}), name="api_notice_read_all"),
    path(
        "v1/notices/<int:notice_id>/read/", NoticeEndpoint.as_view({"post": "read"}), name="api_notice_read"
    ),
    path(
        "v1/notice-preferences/",
        NoticePreferenceEndpoint.as_view({"get": "retrieve", "patch": "partial_update"}),
        name="api_notice_preferences",
    ),
    path("v1/topics/", TopicEndpoint.as_view({"get": "list", "post": "create"}), name="api_topic_list"),
    path(
        "v1/topics/<int:topic_id>/",
        TopicEndpoint.as_view({"get": "retrieve", "patch": "partial_update"}),
        name="api_topic_show",
    ),
    path("v1/topics/<int:topic_id>/pin/", TopicPlaceEndpoint.as_view({"post": "pin"}), name="api_topic_pin"),
    path(
        "v1/topics/<int:topic_id>/unpin/",
        TopicPlaceEndpoint.as_view({"post": "unpin"}),
        name="api_topic_unpin",
    ),
    path(
        "v1/topics/<int:topic_id>/move/", TopicPlaceEndpoint.as_view({"post": "move"}), name="api_topic_move"
    ),
    path(
        "v1/topics/<int:topic_id>/split/",
        TopicPlaceEndpoint.as_view({"post": "split"}),
        name="api_topic_split",
    ),
    path(
        "v1/topics/<int:topic_id>/merge/",
        TopicPlaceEndpoint.as_view({"post": "merge"}),
        name="api_topic_merge",
    ),
    path(
        "v1/topics/<int:topic_id>/session/",
        SessionEndpoint.as_view({"get": "retrieve", "put": "settle"}),
        name="api_session_show",
    ),
    path(
        "v1/topics/<int:topic_id>/questions/",
        SessionEndpoint.as_view({"get": "list", "post": "ask"}),
        name="api_session_question_list",
    ),
    path(
        "v1/questions/<int:question_id>/answer/",
        SessionQuestionEndpoint.as_view({"post": "answer"}),
        name="api_session_question_answer",
    ),
    path(
        "v1/questions/<int:question_id>/support/",
        SessionQuestionEndpoint.as_view({"post": "support"}),
        name="api_session_question_support",
    ),
    path(
        "v1/questions/<int:question_id>/unsupport/",
        SessionQuestionEndpoint.as_view({"post": "unsupport"}),
        name="api_session_question_unsupport",
    ),
    path("v1/topics/<int:topic_id>/close/", TopicEndpoint.as_view({"post": "close"}), name="api_topic_close"),
    path(
        "v1/topics/<int:topic_id>/reopen/", TopicEndpoint.as_view({"post": "reopen"}), name="api_topic_reopen"
    ),
    path(
        "v1/topics/<int:topic_id>/follow/", TopicEndpoint.as_view({"post": "follow"}), name="api_topic_follow"
    ),
    path(
        "v1/topics/<int:topic_id>/posts/",
        TopicPostEndpoint.as_view({"get": "list", "post": "create"}),
        name="api_post_list",
    ),
    path(
        "v1/posts/<int:post_id>/",
        PostEndpoint.as_view({"get": "retrieve", "patch": "partial_update", "delete": "destroy"}),
        name="api_post_show",
    ),
    path(
        "v1/posts/<int:post_id>/restore/", PostEndpoint.as_view({"post": "restore"}), name="api_post_restore"
    ),
    path("v1/posts/<int:post_id>/thank/", PostEndpoint.as_view({"post": "thank"}), name="api_post_thank"),
    path(
        "v1/posts/<int:post_id>/unthank/", PostEndpoint.as_view({"post": "unthank"}), name="api_post_unthank"
    ),
    path(
        "v1/posts/<int:post_id>/accept/", PostEndpoint.as_view({"post": "accept"}), name="api_answer_accept"
    ),
    path(
        "v1/posts/<int:post_id>/unaccept/",
        PostEndpoint.as_view({"post": "unaccept"}),
        name="api_answer_unaccept",
    ),
    path(
        "v1/conversations/",
        ConversationEndpoint.as_view({"get": "list", "post": "create"}),
        name="api_conversation_list",
    ),
    path(
        "v1/conversations/<int:conversation_id>/",
        ConversationEndpoint.as_view({"get": "retrieve"}),
        name="api_conversation_show",
    ),
    path(
        "v1/conversations/<int:conversation_id>/answer/",
        ConversationEndpoint.as_view({"post": "answer"}),
        name="api_conversation_answer",
    ),
    path(
        "v1/conversations/<int:conversation_id>/leave/",
        ConversationEndpoint.as_view({"post": "leave"}),
        name="api_conversation_leave",
    ),
    path(
        "v1/conversations/<int:conversation_id>/messages/",
        ConversationMessageEndpoint.as_view({"get": "list", "post": "create"}),
        name="api_message_list",
    ),
    path(
        "v1/messages/<int:message_id>/",
        MessageEndpoint.as_view({"get": "retrieve", "patch": "partial_update", "delete": "destroy"}),
        name="api_message_show",
    ),
    path(
        "v1/messages/<int:message_id>/restore/",
        MessageEndpoint.as_view({"post": "restore"}),
        name="api_message_restore",
    ),
    path(
        "v1/messages/<int:message_id>/report/",
        MessageEndpoint.as_view({"post": "report"}),
        name="api_message_report",
    ),
    path("v1/attachments/", AttachmentEndpoint.as_view({"post": "create"}), name="api_attachment_list"),
    path(
        "v1/attachments/<int:attachment_id>/",
        AttachmentEndpoint.as_view({"get": "retrieve"}),
        name="api_attachment_show",
    ),
    path("v1/polls/", PollEndpoint.as_view({"get": "list", "post": "create"}), name="api_poll_list"),
    path(
        "v1/polls/<int:poll_id>/",
        PollEndpoint.as_view({"get": "retrieve", "patch": "partial_update", "delete": "destroy"}),
        name="api_poll_show",
    ),
    path("v1/polls/<int:poll_id>/vote/", PollEndpoint.as_view({"post": "vote"}), name="api_poll_vote"),
    path("v1/polls/<int:poll_id>/close/", PollEndpoint.as_view({"post": "close"}), name="api_poll_close"),
    path(
        "v1/polls/<int:poll_id>/outcome/", PollEndpoint.as_view({"post": "outcome"}), name="api_poll_outcome"
    ),
    path(
        "v1/resources/",
        ResourceEndpoint.as_view({"get": "list", "post": "create"}),
        name="api_resource_list",
    ),
    path(
        "v1/resources/<int:resource_id>/",
        ResourceEndpoint.as_view({"get": "retrieve", "patch": "partial_update"}),
        name="api_resource_show",
    ),
    path(
        "v1/resources/<int:resource_id>/ask/",
        ResourceEndpoint.as_view({"post": "ask"}),
        name="api_resource_ask",
    ),
    path(
        "v1/resources/<int:resource_id>/consent/",
        ResourceEndpoint.as_view({"post": "consent"}),
        name="api_resource_consent",
    ),
    path(
        "v1/resources/<int:resource_id>/submit/",
        ResourceEndpoint.as_view({"post": "submit"}),
        name="api_resource_submit",
    ),
    path(
        "v1/resources/<int:resource_id>/publish/",
        ResourceEndpoint.as_view({"post": "publish"}),
        name="api_resource_publish",
    ),
    path(
        "v1/resources/<int:resource_id>/return/",
        ResourceEndpoint.as_view({"post": "give_back"}),
        name="api_resource_return",
    ),
    path(
        "v1/resources/<int:resource_id>/retire/",
        ResourceEndpoint.as_view({"post": "retire"}),
        name="api_resource_retire",
    ),
    path(
        "v1/resources/<int:resource_id>/restore/",
        ResourceEndpoint.as_view({"post": "restore"}),
        name="api_resource_restore",
    ),
    path(
        "v1/resources/<int:resource_id>/outcome/",
        ResourceEndpoint.as_view({"post": "outcome"}),
        name="api_resource_outcome",
    ),
    path(
        "v1/topics/<int:topic_id>/resources/",
        TopicResourceEndpoint.as_view({"get": "list", "post": "create"}),
        name="api_topic_resources",
    ),
    path("v1/collections/", CollectionEndpoint.as_view({"get": "list"}), name="api_collection_list"),
    path(
        "v1/collections/<int:collection_id>/",
        CollectionEndpoint.as_view({"get": "retrieve"}),
        name="api_collection_show",
    ),
    path("v1/search/", SearchEndpoint.as_view({"get": "search"}), name="api_search"),
    path("v1/organisations/", OrganisationEndpoint.as_view({"get": "list"}), name="api_organisation_list"),
    path(
        "v1/organisations/<int:organisation_id>/",
        OrganisationEndpoint.as_view({"get": "retrieve"}),
        name="api_organisation_show",
    ),
    path("v1/members/", MemberEndpoint.as_view({"get": "list"}), name="api_member_list"),
    path("v1/members/me/", MemberEndpoint.as_view({"get": "me", "patch": "edit_me"}), name="api_member_me"),
    path("v1/members/<int:member_id>/", MemberEndpoint.as_view({"get": "retrieve"}), name="api_member_show"),
    path(
        "v1/members/<int:member_id>/follow/",
        TieEndpoint.as_view({"post": "follow"}),
        name="api_member_follow",
    ),
    path(
        "v1/members/<int:member_id>/unfollow/",
        TieEndpoint.as_view({"post": "unfollow"}),
        name="api_member_unfollow",
    ),
    path("v1/members/<int:member_id>/mute/", TieEndpoint.as_view({"post": "mute"}), name="api_member_mute"),
    path(
        "v1/members/<int:member_id>/unmute/",
        TieEndpoint.as_view({"post": "unmute"}),
        name="api_member_unmute",
    ),
    path(
        "v1/members/<int:member_id>/block/", TieEndpoint.as_view({"post": "block"}), name="api_member_block"
    ),
    path(
        "v1/members/<int:member_id>/unblock/",
        TieEndpoint.as_view({"post": "unblock"}),
        name="api_member_unblock",
    ),
    path("v1/ties/", TieEndpoint.as_view({"get": "list"}), name="api_tie_list"),
    path(
        "v1/introductions/",
        IntroductionEndpoint.as_view({"get": "list", "post": "create"}),
        name="api_introduction_list",
    ),
    path(
        "v1/introductions/<int:introduction_id>/answer/",
        IntroductionEndpoint.as_view({"post": "answer"}),
        name="api_introduction_answer",
    ),
    path(
        "v1/invitations/",
        InvitationEndpoint.as_view({"get": "list", "post": "create"}),
        name="api_invitation_list",
    ),
    path(
        "v1/invitations/<int:invitation_id>/",
        InvitationEndpoint.as_view({"get": "retrieve"}),
        name="api_invitation_show",
    ),
    path(
        "v1/invitations/<int:invitation_id>/revoke/",
        InvitationEndpoint.as_view({"post": "revoke"}),
        name="api_invitation_revoke",
    ),
    path("v1/applications/", ApplicationEndpoint.as_view({"get": "list"}), name="api_application_list"),
    path(
        "v1/applications/<int:application_id>/",
        ApplicationEndpoint.as_view({"get": "retrieve"}),
        name="api_application_show",
    ),
    path(
        "v1/applications/<int:application_id>/take/",
        ApplicationEndpoint.as_view({"post": "take"}),
        name="api_application_take",
    ),
    path(
        "v1/applications/<int:application_id>/ask/",
        ApplicationEndpoint.as_view({"post": "ask"}),
        name="api_application_ask",
    ),
    path(
        "v1/applications/<int:application_id>/note/",
        ApplicationEndpoint.as_view({"post": "note"}),
        name="api_application_note",
    ),
    path(
        "v1/applications/<int:application_id>/escalate/",
        ApplicationEndpoint.as_view({"post": "escalate"}),
        name="api_application_escalate",
    ),
    path(
        "v1/applications/<int:application_id>/waive/",
        ApplicationEndpoint.as_view({"post": "waive"}),
        name="api_application_waive",
    ),
    path(
        "v1/applications/<int:application_id>/settle/",
        ApplicationEndpoint.as_view({"post": "settle"}),
        name="api_application_settle",
    ),
    path(
        "v1/applications/<int:application_id>/move/",
        ApplicationEndpoint.as_view({"post": "move"}),
        name="api_application_move",
    ),
    path(
        "v1/applications/<int:application_id>/assess/",
        ApplicationEndpoint.as_view({"post": "assess"}),
        name="api_application_assess",
    ),
    path(
        "v1/applications/<int:application_id>/accept/",
        ApplicationEndpoint.as_view({"post": "accept"}),
        name="api_application_accept",
    ),
    path(
        "v1/applications/<int:application_id>/decline/",
        ApplicationEndpoint.as_view({"post": "decline"}),
        name="api_application_decline",
    ),
    path("v1/sanctions/", SanctionEndpoint.as_view({"get": "list"}), name="api_sanction_list"),
    path(
        "v1/sanctions/<int:sanction_id>/lift/",
        SanctionEndpoint.as_view({"post": "lift"}),
        name="api_sanction_lift",
    ),
    path(
        "v1/sanctions/<int:sanction_id>/appeal/",
        SanctionEndpoint.as_view({"post": "appeal"}),
        name="api_sanction_appeal",
    ),
    path("v1/cases/", CaseEndpoint.as_view({"get": "list"}), name="api_case_list"),
    path("v1/cases/mine/", OwnCaseEndpoint.as_view({"get": "list"}), name="api_own_case_list"),
    path("v1/cases/<int:case_id>/", CaseEndpoint.as_view({"get": "retrieve"}), name="api_case_show"),
    path("v1/cases/<int:case_id>/take/", CaseEndpoint.as_view({"post": "take"}), name="api_case_take"),
    path(
        "v1/cases/<int:case_id>/release/", CaseEndpoint.as_view({"post": "release"}), name="api_case_release"
    ),
    path("v1/cases/<int:case_id>/rule/", CaseEndpoint.as_view({"post": "rule"}), name="api_case_rule"),
    path("v1/cases/<int:case_id>/undo/", CaseEndpoint.as_view({"post": "undo"}), name="api_case_undo"),
    path(
        "v1/cases/<int:case_id>/answer/",
        OwnCaseEndpoint.as_view({"post": "answer"}),
        name="api_own_case_answer",
    ),
    path(
        "v1/posts/<int:post_id>/report/", ReportEndpoint.as_view({"post": "of_post"}), name="api_post_report"
    ),
    path(
        "v1/topics/<int:topic_id>/report/",
        ReportEndpoint.as_view({"post": "of_topic"}),
        name="api_topic_report",
    ),
    path(
        "v1/members/<int:member_id>/report/",
        ReportEndpoint.as_view({"post": "of_member"}),
        name="api_member_report",
    ),
]
