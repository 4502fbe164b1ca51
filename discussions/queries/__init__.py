"""Page-shaped reads: each function fills one page with loaded rows, in a fixed number of database queries."""

from discussions.queries.answering import people_who_know
from discussions.queries.bookmarks import bookmark_rows
from discussions.queries.following import following
from discussions.queries.history import post_history
from discussions.queries.lists import (
    TOPICS_PER_PAGE,
    first_posts_of_newcomers,
    latest_topics,
    member_posts,
    questions_one_knows,
    space_page,
    space_rows,
    tag_topics,
    topic_rows,
    unanswered_questions,
)
from discussions.queries.live import new_posts, new_topics
from discussions.queries.rows import (
    Level,
    Link,
    MemberPostRow,
    PageLink,
    Pages,
    PostRow,
    RevisionRow,
    SpacePage,
    SpaceRow,
    TopicPage,
    TopicRow,
)
from discussions.queries.topic import (
    first_new_number,
    follow_levels,
    open_topic,
    page_of,
    post_rows,
    readable_by,
    reply_rows,
    topic_page,
)
from discussions.queries.topic_lists import (
    for_you,
    known_tags,
    rows_of,
    topic_list_page,
)

__all__ = [
    "TOPICS_PER_PAGE",
    "Level",
    "Link",
    "MemberPostRow",
    "PageLink",
    "Pages",
    "PostRow",
    "RevisionRow",
    "SpacePage",
    "SpaceRow",
    "TopicPage",
    "TopicRow",
    "bookmark_rows",
    "first_new_number",
    "first_posts_of_newcomers",
    "follow_levels",
    "following",
    "for_you",
    "known_tags",
    "latest_topics",
    "member_posts",
    "new_posts",
    "new_topics",
    "open_topic",
    "page_of",
    "people_who_know",
    "post_history",
    "post_rows",
    "questions_one_knows",
    "readable_by",
    "reply_rows",
    "rows_of",
    "space_page",
    "space_rows",
    "tag_topics",
    "topic_list_page",
    "topic_page",
    "topic_rows",
    "unanswered_questions",
]
