"""The addresses of people. A view, its URL name and its template share one name."""

from django.urls import path

from members.views import member, profile

urlpatterns = [
    path("members/", member.member_list, name="member_list"),
    path("members/<str:handle>/", member.member_show, name="member_show"),
    path("me/", profile.profile_edit, name="profile_edit"),
]
