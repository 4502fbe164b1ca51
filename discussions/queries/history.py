"""What edits of a post changed."""

from django.utils import timezone

from community.core.diff import diff_lines
from community.core.moments import moment
from discussions.models import Post
from discussions.queries.rows import RevisionRow

NOBODY = "—"


def post_history(post: Post) -> list[RevisionRow]:
    """What each edit of a post changed, newest first: the lines added and removed. Two queries."""
    revisions = list(post.revisions.select_related("edited_by").order_by("-version")[:100])
    now = timezone.now()
    rows = []
    after_title, after = post.topic.title if post.number == 1 else "", post.source
    for revision in revisions:
        when = moment(revision.edited_at, now)
        before_title = revision.title or after_title
        lines = diff_lines(_titled(before_title, revision.source), _titled(after_title, after))
        rows.append(
            RevisionRow(
                version=revision.version + 1,
                editor_name=revision.edited_by.display_name if revision.edited_by else NOBODY,
                when_relative=when.relative,
                when_iso=when.iso,
                when_exact=when.exact,
                reason=revision.reason,
                lines=lines,
            )
        )
        after_title, after = before_title, revision.source
    return rows


def _titled(title: str, source: str) -> list[str]:
    return ([title] if title else []) + source.splitlines()
