"""The addresses of people. A view, its URL name and its template share one name."""

from django.urls import path

from members.views import api_token, member, profile, review

urlpatterns = [
    path("members/", member.member_list, name="member_list"),
    path("members/<str:handle>/", member.member_show, name="member_show"),
    path("me/", profile.profile_edit, name="profile_edit"),
    path("me/tokens/", api_token.api_token_list, name="api_token_list"),
    path("me/tokens/new/", api_token.api_token_create, name="api_token_create"),
    path("me/tokens/<int:token_id>/revoke/", api_token.api_token_revoke, name="api_token_revoke"),
    path("applications/<int:application_id>/review/", review.application_review, name="application_review"),
]
