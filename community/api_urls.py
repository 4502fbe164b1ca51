"""The addresses of the API. Everything is under a version; the schema and its page describe that version."""

from django.urls import path

from community.views.api import api_docs, api_schema
from discussions.api import PostEndpoint, SpaceEndpoint, TopicEndpoint, TopicPostEndpoint
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
    path("v1/topics/", TopicEndpoint.as_view({"get": "list", "post": "create"}), name="api_topic_list"),
    path(
        "v1/topics/<int:topic_id>/",
        TopicEndpoint.as_view({"get": "retrieve", "patch": "partial_update"}),
        name="api_topic_show",
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
]
