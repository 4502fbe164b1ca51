"""What edits of a post changed."""

from django.utils import timezone

from community.core.diff import DiffPart, diff_words
from community.core.moments import moment
from community.core.text import Prose, SourceFormat, render
from discussions.models import Message, Post
from discussions.queries.rows import RevisionRow

NOBODY = "—"


def post_history(post: Post) -> list[RevisionRow]:
    """What each edit of a post changed, newest first: the words that came and went. Two queries."""
    revisions = list(post.revisions.select_related("edited_by").order_by("-version")[:100])
    now = timezone.now()
    rows = []
    after_title = post.topic.title if post.number == 1 else ""
    after, after_format = post.source, post.source_format
    for revision in revisions:
        when = moment(revision.edited_at, now)
        before_title = revision.title or after_title
        rows_of_words = diff_words(
            _titled(before_title, revision.source, revision.source_format),
            _titled(after_title, after, after_format),
        )
        rows.append(
            RevisionRow(
                version=revision.version + 1,
                # Who is not named as the author of the post is not named in its history either (rule 3.15).
                editor_name=revision.edited_by.display_name
                if revision.edited_by and post.author_id is not None
                else NOBODY,
                when_relative=when.relative,
                when_iso=when.iso,
                when_exact=when.exact,
                reason=revision.reason,
                paragraphs=rows_of_words,
            )
        )
        after_title, after, after_format = before_title, revision.source, revision.source_format
    return rows


def changes_between(post: Post | Message, typed: Prose) -> list[list[DiffPart]]:
    """What saving this text would change in what stands there now, paragraph by paragraph. No query."""
    return diff_words(
        _readable(post.source, post.source_format), _readable(typed.source, typed.source_format)
    )


def _titled(title: str, source: str, source_format: str) -> str:
    return "\n\n".join(filter(None, [title, _readable(source, source_format)]))


def _readable(source: str, source_format: str) -> str:
    """Markdown as it was typed; of the editor's HTML its words, because nobody has typed the tags."""
    if source_format == SourceFormat.MARKDOWN:
        return source
    return render(source, SourceFormat.HTML).plain.replace("\n", "\n\n")
