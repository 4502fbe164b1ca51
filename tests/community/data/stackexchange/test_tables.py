from collections import Counter

import pytest

from community.core.text import MAX_SOURCE, SourceFormat, render
from community.data.stackexchange.tables import READERS, comment_markdown, tag_names, web_address

VALUES = {table.name: table for table in READERS}


def values(table: str, **row: str) -> dict:
    reader = VALUES[table]
    found = reader.values(row, Counter())
    return {} if found is None else dict(zip(reader.columns, found, strict=True))


@pytest.mark.parametrize(
    ("written", "html"),
    [
        ("*a* **b** `c` [d](https://d.example)", "<em>a</em> <strong>b</strong> <code>c</code>"),
        ("use a <table> here", "use a &lt;table&gt; here"),
        (r"or \<b>", "or &lt;b&gt;"),
        ("keep `<b>` as code", "keep <code>&lt;b&gt;</code> as code"),
        ("# 1 is best", "<p># 1 is best</p>"),
        ("1. it is late", "<p>1. it is late</p>"),
        ("> quoted", "<p>&gt; quoted</p>"),
        ("    indented", "<p>indented</p>"),
        ("- a\n- b", "<p>- a\n- b</p>"),
        ("a\n---", "<p>a\n---</p>"),
        ("+1, and 3 < 4", "<p>+1, and 3 &lt; 4</p>"),
    ],
)
def test_comments_are_lines_and_not_blocks(written, html) -> None:
    assert html in render(comment_markdown(written), SourceFormat.MARKDOWN).html


@pytest.mark.parametrize(
    ("written", "names"),
    [
        ("<a><b>", ["a", "b"]),
        ("|a|b|", ["a", "b"]),
        ("<C++><c++><c#>", ["c++", "c#"]),
        ("", []),
        ("<>", []),
    ],
)
def test_tags_of_both_generations(written, names) -> None:
    assert tag_names(written) == names


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("http://a.example", "http://a.example"),
        ("HTTP://A.example/B", "http://A.example/B"),
        ("javascript:alert(1)", ""),
        ("a.example", ""),
        ("http://", ""),
        ("https://a.example/" + "b" * 300, ""),
    ],
)
def test_only_web_addresses_become_websites(written, kept) -> None:
    assert web_address(written) == kept


def test_people_become_plain_text() -> None:
    found = values(
        "Users", Id="3", DisplayName=" A \u202e B ", AboutMe="<p>x<script>y</script></p>\n<p>z</p>", Age="7"
    )
    assert (found["id"], found["name"], found["stem"], found["about"]) == (3, "A B", "a-b", "x\nz")
    assert values("Users", Id="4", DisplayName="\u200b")["name"] == "user4"
    assert len(values("Users", Id="5", AboutMe="word " * 1000)["about"]) <= 2000


@pytest.mark.parametrize("number", [None, "", "x", "1.5", "9" * 40])
def test_a_row_without_a_usable_id_is_left_out(number) -> None:
    row = {} if number is None else {"Id": number}
    assert values("Users", **row) == {}
    assert values("Posts", **row, PostTypeId="1", CreationDate="2020-01-01T00:00:00") == {}


def test_bodies_are_cleaned_and_cut() -> None:
    skipped: Counter[str] = Counter()
    row = {
        "Id": "1",
        "PostTypeId": "1",
        "CreationDate": "2020-01-01T00:00:00",
        "Body": "a\r\nb" + "c" * MAX_SOURCE,
    }
    found = dict(zip(VALUES["Posts"].columns, VALUES["Posts"].values(row, skipped), strict=True))
    assert found["body"].startswith("a\nbccc")
    assert len(found["body"]) == MAX_SOURCE
    assert skipped == {"texts longer than 50,000 characters, cut there": 1}


@pytest.mark.parametrize(
    ("text", "closer"),
    [
        ('{"Voters":[{"Id":7,"DisplayName":"x"}]}', 7),
        ('{"Voters":[{"Id":7},{"Id":8}]}', None),
        ('{"Voters":[]}', None),
        ('{"Voters":null}', None),
        ("[]", None),
        ("not json", None),
    ],
)
def test_whoever_closed_alone_is_named(text, closer) -> None:
    row = {"Id": "1", "PostHistoryTypeId": "10", "PostId": "2", "CreationDate": "2020-01-01T00:00:00"}
    found = values("PostHistory", **row, Comment="102", Text=text)
    assert (found["user_id"], found["comment"], found["text"]) == (closer, "off topic here", None)
