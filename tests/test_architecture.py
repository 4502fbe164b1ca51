"""Rules of the house that no tool knows: what may be called what, and which few places may do a dangerous thing.

A list here is a list that was looked through: whoever makes it longer says in the commit why that is right.
"""

import ast
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("community", "members", "discussions", "outreach", "metrics")

# The only places that tell Django that text is HTML already, each because nh3 or a library made it.
TRUSTED_HTML = {
    "community/admin.py",  # a link whose address and words are escaped by format_html
    "community/core/templatetags/page.py",  # escapes as Django does, in a faster loop
    "community/search/page.py",  # snippets of the search: escaped, then marked
    "community/views/gallery.py",  # the gallery's own words, for those who build the pages
    "discussions/letters.py",  # rendered posts, in mails
    "discussions/queries/library.py",  # rendered resources and passages
    "discussions/queries/messages.py",  # rendered messages
    "discussions/queries/moderation.py",  # rendered posts, held ones too
    "discussions/queries/ask_session.py",  # rendered posts that ask and answer
    "discussions/queries/topic.py",  # rendered posts
    "members/queries/terms.py",  # rendered terms
    "templates/components/_editor.html",  # what the editor showed before it was refused, sanitised again
    "templates/django/forms/field.html",  # help texts, which only code writes
    "templates/mfa/totp/activate_form.html",  # the picture of a secret, drawn by allauth
}

# They ask the server they have started themselves.
OWN_SERVER = {"community/bench/measure.py", "community/bench/server.py", "community/launch.py"}

# What may call out of the house, and with what.
CALLS_OUT = {
    "community/core/mail.py": {"smtplib"},
    "community/core/outgoing.py": {"requests", "urllib3"},
}

# Tables with rows that not everybody may see. Pages, forms and the API read them through `visible_to`.
PRIVATE = {"Activity", "Collection", "Member", "Poll", "Post", "Resource", "SearchEntry", "Space", "Topic"}
# Places that read them otherwise, with what makes it right.
LOOKED_THROUGH = {
    # Reviewers, who administer all accounts: whether an applicant is somebody known, closed accounts included.
    (
        "members/queries/review.py",
        "Member.objects.with_current_roles().people()",
    ),
    ("members/views/vouch.py", "Member.objects.people()"),
    # Moments of applicants' own acts, for figures about the gate.
    ("members/queries/review.py", "Activity.objects.filter(actor=OuterRef('member'))"),
    ("discussions/api/topic.py", "Post.objects.filter(topic__in=topics)"),  # `topics` are the visible ones
    # The newest topic of each space that is shown.
    ("discussions/queries/lists.py", "Space.objects.filter(OneOf('pk', _SPACES))"),
    ("discussions/queries/lists.py", "Topic.objects.present().filter(space=OuterRef('pk'))"),
    # Private spaces whose stewards let every member know them, to ask to be listed.
    (
        "discussions/queries/spaces.py",
        "Space.objects.requestable().exclude(OneOf('pk', Blank('seen', ArrayField(BigIntegerField()))))",
    ),
    ("discussions/views/steward.py", "Space.objects.requestable()"),
    # One space, which the view has found visible.
    (
        "discussions/queries/lists.py",
        "Topic.objects.present().filter(space=Blank('space'), pinned_at__isnull=True)",
    ),
    (
        "discussions/queries/lists.py",
        "Topic.objects.present().filter(space=Blank('space'), pinned_at__isnull=False)",
    ),
    # Whether somebody wrote before, wherever that was; nothing of it is shown.
    (
        "discussions/queries/lists.py",
        "Topic.objects.filter(author=OuterRef('author'), pk__lt=OuterRef('pk'))",
    ),
    # The topic of the post that a notice tells of; it has to stand in a visible space.
    ("discussions/queries/notices.py", "Post.objects.filter(pk=OuterRef('target_id'))"),
    # Where the resources of that topic stand: none is fetched for whom none of these spaces is visible.
    ("discussions/queries/topic.py", "Resource.objects.published().filter(sources__topic=OuterRef('pk'))"),
    # One topic, shown only where its space is among the visible ones; and its posts.
    ("discussions/queries/topic.py", "Topic.objects.present().filter(pk=Blank('topic'))"),
    (
        "discussions/queries/topic.py",
        "Post.objects.filter(topic=Blank('topic'), number__gte=Blank('first'), number__lte=Blank('last'))",
    ),
    # Whether that topic has polls at all; they are read through the resolver.
    ("discussions/queries/topic.py", "Poll.objects.present().filter(topic=OuterRef('pk'))"),
    # How many posts of that topic answer each of its posts: a number.
    ("discussions/queries/topic.py", "Post.objects.present().filter(reply_to=OuterRef('pk'))"),
    # Those of entries that were found without blocked people; whoever left the directory since is left out here.
    (
        "members/queries/directory.py",
        "Member.objects.active().people().admitted().filter(OneOf('pk', Blank('ids', _IDS)))",
    ),
    # One's own deleted ones, in topics that are visible.
    (
        "discussions/queries/writing.py",
        "Post.objects.filter(deleted_by=user, deleted_at__gte=now - IN_BIN_FOR, topic__in=topics)",
    ),
    ("discussions/views/post.py", "Post.objects"),  # a deleted one, whose topic must be visible
    ("discussions/views/post.py", "Post.objects.present()"),  # of one topic, seen before
    # What a case is about, out of sight by now perhaps: `Case.objects.visible_to` and `of_author` have decided.
    ("discussions/queries/moderation.py", "Post.objects.filter(pk=case.target_id).first()"),
    ("discussions/queries/moderation.py", "Post.objects.filter(topic=case.target_id, number=1).first()"),
    ("discussions/queries/moderation.py", "Post.objects.present()"),
    ("discussions/queries/moderation.py", "Topic.objects.present().filter(pk=case.target_id).first()"),
    ("discussions/queries/moderation.py", "Member.objects.filter(pk=case.target_id).first()"),
    # Of one space, which its settler sees, to try rules on.
    (
        "discussions/views/quality.py",
        "Post.objects.present().filter(topic__space=space, topic__deleted_at__isnull=True)",
    ),
}


def modules(*folders: str) -> Iterator[tuple[str, ast.Module]]:
    for folder in folders or PACKAGES:
        for path in sorted((ROOT / folder).rglob("*.py")):
            yield str(path.relative_to(ROOT)), ast.parse(path.read_text(encoding="utf-8"))


def test_every_module_of_the_root_stands_in_the_contract_of_imports():
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"][
        "contracts"
    ]
    root_layer = {name.strip() for name in contracts[0]["layers"][0].split(":")}
    found = {
        f"community.{path.stem}"
        for path in (ROOT / "community").iterdir()
        if (path.suffix == ".py" or (path / "__init__.py").exists()) and path.stem not in {"__init__", "core"}
    }
    assert root_layer == found


@pytest.mark.parametrize("package", PACKAGES)
def test_nothing_is_kept_in_a_drawer(package):
    drawers = {
        "utils",
        "util",
        "helpers",
        "helper",
        "services",
        "service",
        "common",
        "misc",
        "signals",
        "managers",
    }
    assert not [path for path in (ROOT / package).rglob("*.py") if path.stem in drawers]


def test_nothing_happens_by_signal():
    """What follows from what is written where it happens, or reads the activity of it."""
    lifecycle = {"pre_save", "post_save", "pre_delete", "post_delete", "m2m_changed", "pre_init", "post_init"}
    for name, tree in modules():
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom) and "signals" in (node.module or ""):
                assert lifecycle.isdisjoint(alias.name for alias in node.names), name


def test_every_module_says_what_lives_in_it():
    silent = [
        name
        for name, tree in modules()
        if tree.body and not ast.get_docstring(tree) and "/migrations/" not in name
    ]
    assert silent == []


def test_nothing_calls_out_of_the_house():
    """Mail, and one module that opens connections to others; who uses it does not open any past it."""
    clients = {
        "requests",
        "httpx",
        "aiohttp",
        "urllib3",
        "urllib.request",
        "http.client",
        "smtplib",
        "ftplib",
    }
    for name, tree in modules():
        if name in OWN_SERVER:
            continue
        for node in ast.walk(tree):
            imported = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            imported += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            assert (clients - CALLS_OUT.get(name, set())).isdisjoint(imported), name


def test_every_export_asks_for_the_password_again():
    """Whoever finds a browser that is signed in does not carry everybody out of it."""
    exports = {}
    for name, tree in modules():
        for function in ast.walk(tree):
            if isinstance(function, ast.FunctionDef) and "csv_response" in names_in(function):
                asks = {"reauthentication_required", "raise_if_reauthentication_required"}
                exports[f"{name}:{function.name}"] = not asks.isdisjoint(names_in(function))
    del exports["community/core/spreadsheets.py:csv_response"]
    assert exports == {
        "discussions/views/poll.py:poll_export": True,
        "members/admin/terms.py:export_proof": True,
        "discussions/views/moderation.py:case_export": True,
        "members/views/directory.py:member_export": True,
    }


def names_in(function: ast.FunctionDef) -> set[str]:
    return {node.id for node in ast.walk(function) if isinstance(node, ast.Name)} | {function.name}


def test_sql_is_never_put_together_by_the_orm_s_back_doors():
    for name, tree in modules():
        for node in ast.walk(tree):
            if isinstance(node, ast.Call):
                called = (
                    node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
                )
                assert called not in {"extra", "raw", "RawSQL"}, f"{name}:{node.lineno}"


def test_text_is_called_html_only_where_it_was_looked_at():
    in_python = re.compile(r"\b(mark_safe|format_html|format_html_join|SafeString)\b\(")
    in_templates = re.compile(r"\|\s*(safe|safeseq)\b|autoescape\s+off")
    found = {
        str(path.relative_to(ROOT))
        for package in PACKAGES
        for path in (ROOT / package).rglob("*.py")
        if in_python.search(path.read_text(encoding="utf-8"))
    } | {
        str(path.relative_to(ROOT))
        for path in (ROOT / "templates").rglob("*.html")
        if in_templates.search(path.read_text(encoding="utf-8"))
    }
    assert found == TRUSTED_HTML


def test_templates_carry_no_script_no_style_and_no_handler():
    """The policy would refuse them in a browser; here they fail before."""
    inline = re.compile(
        r"<style\b|\sstyle\s*=|\son[a-z]+\s*=\s*[\"']|javascript:|\shx-on|<script(?![^>]*\b(?:src|nonce|application/json)\b)"
    )
    for path in (ROOT / "templates").rglob("*.html"):
        if path.parent.name == "mail":
            # Mail programs know no style sheets, and run no scripts.
            continue
        text = re.sub(
            r"{#.*?#}|{% comment %}.*?{% endcomment %}", "", path.read_text(encoding="utf-8"), flags=re.DOTALL
        )
        assert not inline.search(text), f"{path.relative_to(ROOT)}: {inline.search(text)}"


def reads(tree: ast.Module) -> Iterator[str]:
    """Every outermost expression that begins with the manager of a private table."""
    chained: set[int] = set()
    for node in ast.walk(tree):
        expression = ast.unparse(node) if isinstance(node, ast.Call) else ""
        if id(node) in chained or not re.match(rf"({'|'.join(PRIVATE)})\.objects\.", expression):
            continue
        inner: ast.AST = node
        while isinstance(inner, ast.Call | ast.Attribute):
            chained.add(id(inner))
            inner = inner.func if isinstance(inner, ast.Call) else inner.value
        yield expression


def front_modules() -> Iterator[tuple[str, ast.Module]]:
    front = ("views", "queries", "api", "forms", "context", "exports")
    for name, tree in modules():
        if any(part.removesuffix(".py") in front for part in Path(name).parts) and "core/" not in name:
            yield name, tree


def test_what_not_everybody_may_see_is_read_through_the_one_resolver():
    otherwise = {
        (name, expression)
        for name, tree in front_modules()
        for expression in reads(tree)
        if ".visible_to(" not in expression and ".in_spaces(" not in expression
    }
    # Orders, slices and limits do not change who may see it.
    tail = re.compile(r"(\.(order_by|select_related|values|values_list|annotate|only)\(.*\))+$")
    assert {(name, tail.sub("", expression)) for name, expression in otherwise} <= LOOKED_THROUGH, otherwise


def test_that_check_sees_a_read_past_the_resolver():
    planted = ast.parse("def view(request):\n    return Topic.objects.filter(pk=1).order_by('pk').first()\n")
    assert list(reads(planted)) == ["Topic.objects.filter(pk=1).order_by('pk').first()"]


def test_locked_requirements_name_no_place_to_get_them_from():
    for path in (ROOT / "requirements").iterdir():
        text = path.read_text(encoding="utf-8")
        assert "://" not in text, path.name
        assert "--index-url" not in text, path.name
        assert "--extra-index-url" not in text, path.name


def test_every_locked_requirement_has_its_hash():
    for path in (ROOT / "requirements").glob("*.txt"):
        text = path.read_text(encoding="utf-8").replace("\\\n", " ")
        for line in text.splitlines():
            if line and not line.startswith(("#", " ")):
                assert "--hash=sha256:" in line, line[:60]


def test_what_needs_a_reason_has_one_beside_it():
    """A runtime dependency stands with its reason (architecture §6)."""
    for line in (ROOT / "requirements" / "base.in").read_text(encoding="utf-8").splitlines():
        if line and not line.startswith(("#", "-")):
            assert "#" in line, line
