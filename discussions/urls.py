"""The addresses of spaces, topics, posts and tags. A view, its URL name and its template share one name."""

from django.urls import path

from discussions.views import post, space, tag, topic

urlpatterns = [
    path("spaces/", space.space_list, name="space_list"),
    path("spaces/<slug:slug>/", space.space_show, name="space_show"),
    path("topics/new/", topic.topic_create, name="topic_create"),
    path("topics/<int:topic_id>/", topic.topic_show, name="topic_show"),
    path("topics/<int:topic_id>/edit/", topic.topic_edit, name="topic_edit"),
    path("topics/<int:topic_id>/close/", topic.topic_close, name="topic_close"),
    path("topics/<int:topic_id>/reopen/", topic.topic_reopen, name="topic_reopen"),
    path("topics/<int:topic_id>/follow/", topic.topic_follow, name="topic_follow"),
    path("topics/<int:topic_id>/posts/", post.post_create, name="post_create"),
    path("posts/<int:post_id>/", post.post_show, name="post_show"),
    path("posts/<int:post_id>/edit/", post.post_edit, name="post_edit"),
    path("posts/<int:post_id>/history/", post.post_history, name="post_history"),
    path("posts/<int:post_id>/delete/", post.post_delete, name="post_delete"),
    path("posts/<int:post_id>/restore/", post.post_restore, name="post_restore"),
    path("posts/<int:post_id>/thank/", post.post_thank, name="post_thank"),
    path("posts/<int:post_id>/unthank/", post.post_unthank, name="post_unthank"),
    path("posts/<int:post_id>/accept/", post.answer_accept, name="answer_accept"),
    path("posts/<int:post_id>/unaccept/", post.answer_unaccept, name="answer_unaccept"),
    path("tags/<str:slug>/", tag.tag_show, name="tag_show"),
    path("members/<str:handle>/posts/", post.member_posts, name="member_posts"),
]
