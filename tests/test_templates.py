"""Rules for every template and style that no browser has to be asked about."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))
STYLES = sorted((ROOT / "static" / "css").rglob("*.css"))

# The admin's pages allow files of this site instead of a nonce (community/admin_site.py).
WITHOUT_NONCE = {"admin/base_site.html"}


def name(path: Path) -> str:
    return path.relative_to(ROOT / "templates").as_posix()


@pytest.mark.parametrize("path", TEMPLATES, ids=name)
def test_nothing_runs_or_is_styled_in_place(path):
    """The content policy would stop it in production; here it is found before."""
    text = re.sub(r"\{% comment %\}.*?\{% endcomment %\}|\{#.*?#\}", "", path.read_text(), flags=re.DOTALL)
    # Mail programs know no style sheets: only there styles stand where they are used.
    inline = r"<style|\son[a-z]+=|javascript:" + ("" if path.parent.name == "mail" else r"|\sstyle=")
    assert not re.search(inline, text, re.IGNORECASE)
    for tag in re.findall(r"<script[^>]*>", text):
        if 'type="application/json"' in tag:
            continue
        assert "src=" in tag, tag
        assert 'nonce="{{ request.csp_nonce }}"' in tag or name(path) in WITHOUT_NONCE, tag


@pytest.mark.parametrize("path", TEMPLATES, ids=name)
def test_words_are_calm(path):
    text = re.sub(
        r"<!doctype[^>]*>|<!--.*?-->|\{[%#].*?[%#]\}", "", path.read_text(), flags=re.DOTALL | re.IGNORECASE
    )
    assert "!" not in text
    assert not re.search(r'\{% translate ["\'][^"\']*!', path.read_text())


@pytest.mark.parametrize("path", STYLES, ids=lambda path: path.name)
def test_colours_stand_in_the_tokens_only(path):
    if path.name == "tokens.css":
        return
    found = re.findall(
        r"#[0-9a-f]{3,8}\b|rgba?\(|hsla?\(", re.sub(r"/\*.*?\*/", "", path.read_text(), flags=re.DOTALL)
    )
    assert [one for one in found if one not in ALLOWED.get(path.name, set())] == []


# A square of a QR code is black on white for the camera of a phone, by day and by night.
ALLOWED = {"entrance.css": {"#fff", "#000"}}


def test_each_component_style_is_asked_for_somewhere():
    asked = "".join(path.read_text() for path in TEMPLATES) + (ROOT / "community/core/forms.py").read_text()
    unused = [
        path.name for path in STYLES if f"css/{path.relative_to(ROOT / 'static/css').as_posix()}" not in asked
    ]
    assert unused == []
