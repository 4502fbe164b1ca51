"""The addresses of people. A view, its URL name and its template share one name."""

from django.urls import path

from members.views import api_token, application, gate, member, profile, review, standing, terms, vouch

urlpatterns = [
    path("join/", gate.gate_show, name="gate_show"),
    path("join/start/", application.application_start, name="application_start"),
    path("join/sent/", application.application_sent, name="application_sent"),
    path("join/links/<str:key>/", application.application_confirm, name="application_confirm"),
    path("me/application/", application.application_show, name="application_show"),
    path("me/application/new/", application.application_create, name="application_create"),
    path("me/application/edit/", application.application_edit, name="application_edit"),
    path("me/application/answer/", application.application_answer, name="application_answer"),
    path("me/application/withdraw/", application.application_withdraw, name="application_withdraw"),
    path("me/application/vouches/new/", application.vouch_request_create, name="vouch_request_create"),
    path("members/", member.member_list, name="member_list"),
    path("members/<str:handle>/", member.member_show, name="member_show"),
    path("me/", profile.profile_edit, name="profile_edit"),
    path("me/pause/", standing.member_pause, name="member_pause"),
    path("me/resume/", standing.member_resume, name="member_resume"),
    path("me/leave/", standing.member_leave, name="member_leave"),
    path("me/left/", standing.member_left, name="member_left"),
    path("me/return/", standing.member_return, name="member_return"),
    path("me/suspension/", standing.suspension_show, name="suspension_show"),
    path("me/suspension/appeal/", standing.suspension_appeal, name="suspension_appeal"),
    path("me/tokens/", api_token.api_token_list, name="api_token_list"),
    path("me/tokens/new/", api_token.api_token_create, name="api_token_create"),
    path("me/tokens/<int:token_id>/revoke/", api_token.api_token_revoke, name="api_token_revoke"),
    path("applications/<int:application_id>/review/", review.application_review, name="application_review"),
    path("applications/<int:application_id>/vouches/new/", vouch.vouch_create, name="vouch_create"),
    path("terms/", terms.terms_list, name="terms_list"),
    path("terms/accept/", terms.terms_accept, name="terms_accept"),
    path("terms/<str:kind>/<int:version>/", terms.terms_show, name="terms_show"),
]
