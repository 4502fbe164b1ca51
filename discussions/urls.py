"""The addresses of spaces, topics, posts and tags. A view, its URL name and its template share one name."""

from django.urls import path

from discussions.views import message, post, space, tag, topic

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
    path("messages/", message.conversation_list, name="conversation_list"),
    path("messages/new/", message.conversation_create, name="conversation_create"),
    path("messages/rule/", message.contact_rule_edit, name="contact_rule_edit"),
    path("messages/<int:conversation_id>/", message.conversation_show, name="conversation_show"),
    path("messages/<int:conversation_id>/messages/", message.message_create, name="message_create"),
    path("messages/<int:conversation_id>/answer/", message.conversation_answer, name="conversation_answer"),
    path("messages/<int:conversation_id>/leave/", message.conversation_leave, name="conversation_leave"),
    path("messages/<int:conversation_id>/people/", message.participant_create, name="participant_create"),
    path("messages/items/<int:message_id>/", message.message_show, name="message_show"),
    path("messages/items/<int:message_id>/report/", message.message_report, name="message_report"),
]
