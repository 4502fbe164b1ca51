"""The gallery: every component and page in every state, with invented words; only for those who build them.

Nothing here reads the database. The rows have the shape the page queries return, so that a screenshot or an
accessibility check of the gallery stands for the real page.
"""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from django import forms
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from community.core.diff import DiffPart
from community.core.forms import ProseField
from discussions.forms.reading import SavedViewForm
from discussions.queries import (
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
from discussions.queries.bookmarks import BookmarkRow
from discussions.queries.topic_lists import Chip, SavedViewRow, TopicListPage
from discussions.queries.writing import Advice, BinRow, DraftRow, SimilarRow, Writing
from members.actions.fact import BUILT_IN
from members.forms.profile import PhotoForm, ProfileForm
from members.models import FactField, Member

CASES = ("short", "long", "hostile", "rtl", "empty")

WORDS: dict[str, dict[str, str]] = {
    "short": {
        "name": "Ann Lee",
        "other": "Bo Quist",
        "title": "Pricing pilots: what we learnt",
        "headline": "Head of pricing, Northwind",
        "space": "Pricing",
        "purpose": "How we set, test and defend prices.",
        "tag": "pilots",
        "sentence": "We ran three pilots in one quarter. Two of them paid for the third.",
    },
    "long": {
        "name": "Maximiliane Alexandra von Hohenstein-Wolfratshausen-Oberammergau",
        "other": "Dr. Venkatanarasimharajuvaripeta Subramaniam Chandrasekharan",
        "title": (
            "What we learnt from eleven pricing pilots in four regions, why the second wave went wrong, and "
            "which assumptions about the willingness to pay of medium-sized customers did not survive"
        ),
        "headline": (
            "Senior director of commercial excellence and value-based pricing, Consolidated Industrial "
            "Holdings International, Europe, Middle East and Africa"
        ),
        "space": "Commercial excellence, value-based pricing and revenue management",
        "purpose": (
            "Everything about setting, testing, negotiating and defending prices with industrial customers: "
            "methods, tools, organisation, and the talks with sales that nobody enjoys but everybody needs."
        ),
        "tag": "willingness-to-pay-measurement",
        "sentence": (
            "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft is the length "
            "of word this page has to live with, and https://example.org/a/very/long/address/without/any/place/to/"
            "break/it/?and=parameters&that=go&on=and&on=forever is the length of address. "
        )
        * 2,
    },
    "hostile": {
        "name": "<script>alert(1)</script>",
        "other": '"><img src=x onerror=alert(1)>',
        "title": "{{ 7*7 }} ${alert(1)} <b>bold</b> & 'quotes' \u202eright to left override\u202c Z̷̢̧̛͓̫̪̻̹̰͆͐̓̀a̴l̵g̶o̷",
        "headline": "'; DROP TABLE members; -- javascript:alert(1)",
        "space": "<style>body{display:none}</style>",
        "purpose": "</p></main><h1>Not a heading</h1>",
        "tag": "<i>x</i>",
        "sentence": "W" * 180 + " \u200b\u200b👩‍👩‍👧‍👦🏳️‍🌈 ﷽",
    },
    "rtl": {
        "name": "ليلى حداد",
        "other": "דוד לוי",
        "title": "كيف نحدد الأسعار في الأسواق الجديدة؟ (3 pilots)",
        "headline": "مديرة التسعير، شركة الشمال",
        "space": "التسعير",
        "purpose": "كيف نضع الأسعار ونختبرها وندافع عنها.",
        "tag": "تسعير",
        "sentence": "أجرينا ثلاث تجارب في ربع سنة واحد. اثنتان منها دفعتا ثمن الثالثة.",
    },
}
WORDS["empty"] = WORDS["short"]


def _row(**values: Any) -> SimpleNamespace:
    return SimpleNamespace(**values)


WHEN = {
    "when_relative": "3 h ago",
    "when_iso": "2024-05-14T09:30:00+02:00",
    "when_exact": "14 May 2024, 09:30",
}


# What the sanitiser lets through, so what a post can hold.
PROSES = (
    """<p>{}</p><p>The first pilot changed the list price only. <strong>Nobody noticed.</strong> The second
    changed the <em>unit</em>, and that is when the calls began; see <a href="#">the notes</a>.</p>""",
    """<h2>What we did</h2><ul><li>{}</li><li>Asked twelve customers first
    <ul><li>four said yes</li></ul></li></ul>
    <blockquote><p>You are charging for the wrong thing.</p></blockquote>
    <ol><li>Pick one region</li><li>Write down what would make you stop</li></ol>""",
    """<p>The rule in one line: <code>price = value × share</code>.</p><pre><code>for region in regions:
    margin[region] = price[region] - cost[region]  # a line that is longer than the measure and has to scroll
</code></pre><table>
    <thead><tr><th>Region</th><th>Before</th><th>After</th><th>Customers who left</th></tr></thead>
    <tbody><tr><td>North</td><td>1,200</td><td>1,310</td><td>0</td></tr><tr><td>South</td><td>980</td><td>1,050</td>
    <td>2</td></tr></tbody></table><hr><p>We would do it again.</p>""",
    "<p>{}</p>",
)


def _prose(words: dict[str, str], number: int) -> SafeString:
    return format_html(PROSES[number % len(PROSES)], words["sentence"])


def post_rows(case: str, count: int = 20) -> list[PostRow]:
    words = WORDS[case]
    rows = []
    for number in range(1, count + 1):
        mine, deleted = number == 3, number == 5
        rows.append(
            PostRow(
                anchor=f"post-{number}",
                number=number,
                url=f"#post-{number}",
                author_name=words["name"] if number % 2 else words["other"],
                author_url="" if number == 6 else "#",
                author_initials="AL" if number % 2 else "BQ",
                headline="" if number == 4 else words["headline"],
                expert_label=f"Expert in {words['tag']}" if number == 2 else "",
                **WHEN,
                html=_prose(words, number),
                is_first_new=number == 4,
                is_accepted=number == 2,
                deleted_note="Post 5 was deleted by its author." if deleted else "",
                restore_url="#" if deleted else "",
                restore_label="Undo",
                reply_to_number=1 if number in (2, 7) else 0,
                reply_to_name=words["name"],
                reply_to_url="#post-1",
                notes=number in (3, 4),
                edited_label="edited 2 h ago" if number == 3 else "",
                history_url="#",
                imported_label="12 votes before the move" if number in (3, 4) else "",
                thank_url="" if mine else "#",
                thanked=number == 4,
                thanks_label="3 thanks" if number in (3, 4) else "",
                react_url="" if mine else "#",
                said_insightful=number == 4,
                said_agree=False,
                said_me_too=False,
                reactions_label="2 insightful · 1 me too" if number in (4, 7) else "",
                bookmark_url="#",
                bookmarked=number == 7,
                replies_url="#" if number == 2 else "",
                replies_label="2 replies" if number == 2 else "",
                reply_url=f"?reply_to={number}#write",
                has_menu=mine or number == 7,
                accept_url="#" if number == 7 else "",
                accept_label="Accept as the answer",
                edit_url="#" if mine else "",
                delete_url="#" if mine else "",
            )
        )
    return rows


def topic_rows(case: str, count: int = 12, *, inside: bool = False) -> list[TopicRow]:
    words = WORDS[case]
    return [
        TopicRow(
            url="#",
            title=words["title"] if number % 3 else words["title"][:28],
            is_question=number % 2 == 0,
            answered=number % 4 == 0,
            pinned=number == 0,
            closed=number == 5,
            kind_label="Question",
            space_name=words["space"],
            space_url="" if inside else "#",
            author_name=words["name"],
            last_poster_name=words["other"] if number % 3 else "",
            **WHEN,
            replies_label="no replies" if number % 3 == 0 else f"{number * 7} replies",
            tags_text=f"#{words['tag']} #{words['tag']}2" if number % 2 else "",
            new_label=f"{number} new" if number in (1, 2, 4) else "",
            reason="because you replied" if number in (1, 4) else "",
            answering_label=f"{words['other']} is answering" if number == 2 else "",
            undo_url="#" if number == 1 else "",
        )
        for number in range(count)
    ]


class WritingForm(forms.Form):
    """A form with one of each kind of field, for the gallery."""

    space = forms.ChoiceField(choices=[("1", "Pricing"), ("2", "Procurement")])
    kind = forms.ChoiceField(
        choices=[("discussion", "Discussion"), ("question", "Question, to which one answer can be accepted")],
        widget=forms.RadioSelect,
        initial="question",
    )
    title = forms.CharField(max_length=200, help_text="What you want to know or tell, in one line.")
    body = ProseField(label="Text")
    tags = forms.CharField(required=False, help_text="Up to five, separated by commas.")
    email = forms.EmailField(label="E-mail", required=False, disabled=True, initial="ann@example.org")
    follow = forms.BooleanField(label="Follow this topic", required=False, initial=True)
    idempotency_key = forms.CharField(widget=forms.HiddenInput, initial="1")

    def clean_title(self) -> str:
        title: str = self.cleaned_data["title"]
        if title.isupper():
            raise forms.ValidationError("A title in capitals is hard to read. Write it as a sentence.")
        return title

    def clean(self) -> dict[str, Any]:
        if self.cleaned_data.get("tags") == "refused":
            raise forms.ValidationError("Members ask here; only stewards start discussions. Ask one of them.")
        return self.cleaned_data


class ReplyForm(forms.Form):
    """The reply form as the composer shows it."""

    body = ProseField(label="Text")
    reply_to = forms.CharField(widget=forms.HiddenInput, required=False)
    idempotency_key = forms.CharField(widget=forms.HiddenInput, initial="1")


LEVELS = [
    Level("everything", "Everything", current=False),
    Level("highlights", "Highlights", current=True),
    Level("mute", "Mute", current=False),
]


PAGE_LINKS = Pages(
    links=[
        PageLink("1", "#", current=False),
        PageLink("2", "#", current=True),
        PageLink("3", "#", current=False),
        PageLink("…", "", current=False),
        PageLink("250", "#", current=False),
    ],
    previous_url="#",
    next_url="#",
    latest_url="#",
)


def _topic_show(case: str) -> dict[str, Any]:
    words = WORDS[case]
    return {
        "page": TopicPage(
            id=1,
            title=words["title"],
            url="#",
            is_question=True,
            is_answered=case == "short",
            accepted_url="#post-2",
            closed_reason="Closed by Ann Lee: answered elsewhere." if case == "long" else "",
            space_name=words["space"],
            space_url="#",
            tags=[Link(words["tag"], "#"), Link("margins", "#")],
            readable_by="All members can read this.",
            people_count_label="6 people",
            follow_level="highlights",
            follow_levels=LEVELS,
            follow_url="#",
            can_reply=case != "long",
            why_not="This topic is closed. A steward of the space can reopen it.",
            reply_post_url="#",
            edit_url="#",
            close_url="#",
            reopen_url="",
            first_new_url="" if case == "long" else "#new",
            posts=post_rows(case, 1 if case == "empty" else 20),
            pages=None if case == "empty" else PAGE_LINKS,
            read_up_to=20,
            similar=[Link(words["title"], "#")],
            follow_reason="Because you replied.",
            unfollow_url="#",
            answering_label=f"{words['other']} is answering this." if case == "long" else "",
            claim_url="" if case == "long" else "#",
            resources_url="#",
        ),
        "form": ReplyForm(),
        "answering": "",
    }


def _space_show(case: str) -> dict[str, Any]:
    words = WORDS[case]
    return {
        "space": SpacePage(
            name=words["space"],
            slug="pricing",
            purpose=words["purpose"],
            preset_label="Open to members",
            readable_by="All members can read and write here.",
            url="#",
            write_url="" if case == "long" else "#",
            why_not="Members read here; staff write." if case == "long" else "",
            topics=[] if case == "empty" else topic_rows(case, 30, inside=True),
            older_url="" if case == "empty" else "#",
        ),
    }


def _space_list(case: str) -> dict[str, Any]:
    words = WORDS[case]
    row = SpaceRow(
        name=words["space"],
        url="#",
        purpose=words["purpose"],
        preset_label="Private",
        topics_label="41 topics",
        **WHEN,
    )
    return {"spaces": [] if case == "empty" else [row] * 6}


def _home(case: str) -> dict[str, Any]:
    empty = case == "empty"
    return {
        "since_label": "Since Tuesday",
        "moved_label": "Nothing has moved yet." if empty else "Three threads you follow have moved.",
        "topics": [] if empty else topic_rows(case, 5),
        "latest": [] if empty else topic_rows(case, 8),
        "questions": [] if empty else topic_rows(case, 2),
        "spaces": [] if empty else [Link(WORDS[case]["space"], "#")] * 3,
        "spaces_url": "#",
        "write_url": "#",
    }


def _search(case: str) -> dict[str, Any]:
    words = WORDS[case]
    found = _row(
        title=words["title"],
        title_html=format_html("{} <mark>{}</mark>", words["title"], "pricing"),
        url="#",
        kind_label="Answer",
        space_name=words["space"],
        author_name=words["name"],
        snippet=format_html("the <mark>{}</mark> pilots of last year, and what became of them", "pricing"),
        **WHEN,
    )
    person = _row(display_name=words["name"], url="#", initials="AL", headline=words["headline"])
    message = _row(
        title=words["title"],
        url="#",
        author_name=words["name"],
        excerpt=words["sentence"],
        when=_row(**{name.removeprefix("when_"): value for name, value in WHEN.items()}),
    )
    full = case != "empty"
    page = _row(
        chips=[_row(label=words["space"], url="#", is_on=True), _row(label="Topics", url="#", is_on=False)],
        problems=(words["purpose"],) if full else (),
        people=[person] * 2 if full else [],
        messages=[message] if full else [],
        more_people_url="#",
        more_messages_url="#",
        is_empty=not full,
    )
    return {
        "q": "pricing" if case != "hostile" else WORDS["hostile"]["other"],
        "searched": True,
        "page": page,
        "results": [found] * 6 if full else [],
        "older_url": "#" if full else "",
        "in_topic": "",
    }


def _tag_show(case: str) -> dict[str, Any]:
    words = WORDS[case]
    return {
        "tag": _row(name=words["tag"], description=words["purpose"]),
        "topics": [] if case == "empty" else topic_rows(case, 5),
        "older_url": "",
    }


def _member_list(case: str) -> dict[str, Any]:
    words = WORDS[case]
    row = _row(
        display_name=words["name"],
        url="#",
        initials="AL",
        photo_url="",
        headline=words["headline"],
        place="Copenhagen",
        helps=words["tag"],
        expert_in=words["tag"],
        new_label="new",
        joined=_row(relative="4 days ago", exact="18 Nov 2026, 09:00", iso="2026-11-18T09:00:00+00:00"),
    )
    option = _row(key="place", value="x", label=words["tag"], count_label="400+", is_checked=True)
    group = _row(key="place", title="Place", options=[option] * 5, chosen_label="1")
    return {
        "members": [] if case == "empty" else [row] * 8,
        "page": _row(
            groups=[] if case == "empty" else [group] * 4,
            chips=[_row(label=f"Place: {words['tag']}", url="#")] if case == "long" else [],
            found_label="" if case == "empty" else "More than 5,000 people",
            new_label="12",
            saved=[] if case == "empty" else [_row(name=words["title"], url="#", delete_url="#")],
        ),
        "q": "",
        "is_new": False,
        "is_newest_first": False,
        "is_narrowed": case == "long",
        "view": "table" if case == "long" else "cards",
        "view_urls": {"cards": "#", "table": "#"},
        "sort_urls": {"name": "#", "newest": "#"},
        "query": "place=x",
        "older_url": "" if case == "empty" else "#",
    }


def _organisation_show(case: str) -> dict[str, Any]:
    words = WORDS[case]
    topic = _row(label=words["tag"], count_label="3", url="#")
    return {
        "organisation": _row(
            name=words["name"],
            kind_label="customer",
            topics=[] if case == "empty" else [topic] * 4,
            everybody_url="" if case == "empty" else "#",
            engagement=None if case == "short" else _row(word="engaged", sentence="Active: 3 of 12."),
        ),
        "members": _member_list("short" if case == "empty" else case)["members"],
    }


def _fact(key: str, label: str, *texts: str, url: str = "", note: str = "", kept: str = "") -> Any:
    values = [_row(text=text, url=url) for text in texts]
    return _row(key=key, label=label, values=values, note=note, kept=kept)


def _profile(case: str) -> Any:
    words = WORDS[case]
    note = "From an import, confirmed 12 days ago"
    said = {
        "biography": _fact("biography", "About you", words["sentence"], note=note),
        "helps": [
            _fact("can_help_with", "What I can help with", words["purpose"]),
            _fact("helps_topics", "Topics", words["tag"], "audits", note=note),
        ],
        "looks": [_fact("looks_for", "What I am looking for", words["purpose"], kept="People I follow back")],
        "facts": [
            _fact("place", "Place", words["space"], note=note),
            _fact("languages", "Languages", "German", "English"),
            _fact("links", "Links", "https://example.org/people/ann", url="https://example.org/"),
            _fact("birthday", "Birthday", "5 March", kept="Only me"),
        ],
        "expert_labels": [_row(topic=words["tag"], evidence=words["sentence"])] * 2,
        "budget_note": "Takes 4 questions a month.",
    }
    nothing: dict[str, Any] = {
        "biography": None, "helps": [], "looks": [], "facts": [], "expert_labels": [], "budget_note": "",
    }  # fmt: skip
    is_own = case == "short"
    buttons = [
        _row(label="Follow", url="#", is_danger=False),
        _row(label="Mute", url="#", is_danger=False),
        _row(label="Block", url="#", is_danger=True),
    ]
    return _row(
        display_name=words["name"],
        handle="ann.lee",
        initials="AL",
        photo_url="",
        headline="" if case == "empty" else words["headline"],
        joined_label="Here since March 2024",
        unclaimed_note="Came in with an import and has not signed in yet." if case == "long" else "",
        url="#",
        edit_url="#" if is_own else "",
        preview_url="#" if is_own else "",
        vcard_url="#",
        introduce_url="" if is_own else "#",
        message_url="" if is_own else "#",
        posts_url=f"?page=member_posts&case={case}",
        buttons=[] if is_own else buttons,
        **(nothing if case == "empty" else said),
    )


def _member_show(case: str) -> dict[str, Any]:
    gap = "Add your sector: 14 people who named theirs could find you." if case == "short" else ""
    return {"member": _profile(case), "gap": gap}


def _profile_preview(case: str) -> dict[str, Any]:
    readers = [("any member", True), ("someone you follow back", False), ("a community manager", False)]
    return {
        "member": _profile("long" if case == "short" else case),
        "readers": [_row(label=label, url="#", is_chosen=is_chosen) for label, is_chosen in readers],
    }


def _profile_edit(case: str) -> dict[str, Any]:
    words = WORDS[case]
    fields = {
        row.key: FactField(
            key=row.key,
            label=row.label if case == "short" else words["title"][:80],
            kind=row.kind,
            help_text=row.help_text,
            choices=row.choices,
            default_visibility=row.visibility,
        )
        for row in BUILT_IN
    }
    member = Member(display_name=words["name"], time_zone="UTC")
    sent = QueryDict("display_name=&time_zone=Mars") if case == "long" else None
    return {
        "form": ProfileForm(sent, member=member, fields=fields, facts={}),
        "member": _row(url="#", photo_url="", has_facts=case != "empty"),
        "budget_form": None,
        "account_links": [_row(label="Password", url="#"), _row(label="Where you are signed in", url="#")],
    }


def _photo_edit(case: str) -> dict[str, Any]:
    return {"form": PhotoForm(), "photo_url": "", "initials": "AL"}


def _person(case: str) -> Any:
    words = WORDS[case]
    return _row(display_name=words["name"], headline=words["headline"], initials="AL", url="#")


def _introduction_list(case: str) -> dict[str, Any]:
    words, person = WORDS[case], _person(case)
    at = _row(relative="4 days ago", exact="18 Nov 2026, 09:00", iso="2026-11-18T09:00:00+00:00")
    asked = _row(introducer=person, other=person, reason=words["sentence"], at=at, answer_url="#")
    made = _row(sentence="You introduced them", people=[person, person], reason=words["sentence"], at=at)
    return {"asked": [] if case == "empty" else [asked], "made": [] if case == "empty" else [made]}


def _tie_list(case: str) -> dict[str, Any]:
    person = _person(case)
    row = _row(**vars(person), end_url="#", end_label="Stop following")
    group = _row(title="You follow", about="They see that you do.", rows=[] if case == "empty" else [row] * 2)
    return {"groups": [group] * 3, "here_url": "#"}


def _member_posts(case: str) -> dict[str, Any]:
    words = WORDS[case]
    post = MemberPostRow(
        topic_title=words["title"], url="#", space_name=words["space"], excerpt=words["sentence"], **WHEN
    )
    return {"posts": [] if case == "empty" else [post] * 4, "older_url": ""}


def _post_history(case: str) -> dict[str, Any]:
    words = WORDS[case]
    paragraphs = [
        [
            DiffPart("same", "We ran three pilots in one quarter."),
            DiffPart("removed", " Two of them failed."),
            DiffPart("added", " One of them failed."),
        ],
        [DiffPart("added", words["sentence"])],
    ]
    revision = RevisionRow(
        version=3, editor_name=words["name"], reason=words["headline"], paragraphs=paragraphs, **WHEN
    )
    return {
        "post": _row(url="#", number=7, topic_title=words["title"], topic_url="#", author_name=words["name"]),
        "revisions": [] if case == "empty" else [revision, revision],
    }


def _form_page(case: str) -> dict[str, Any]:
    words = WORDS[case]
    sent = {"space": "1", "kind": "question", "title": "WHY IS THIS SO", "body": "", "tags": "refused"}
    return {
        "form": WritingForm(sent) if case == "long" else WritingForm(),
        "space": _row(
            name=words["space"], url="#", readable_by="All members can read this and learn that you wrote it."
        ),
        "topic": _row(title=words["title"], url="#", space_name=words["space"], space_url="#"),
        "post": _row(url="#", number=7, topic_title=words["title"], topic_url="#"),
        **_writing(case),
    }


def _error(case: str) -> dict[str, Any]:
    return {
        "title": _("That is not yours to do"),
        "sentence": _("This space is read-only. Its stewards can post here: Ann Lee and Bo Quist."),
        "url": "#",
        "action": _("Back to the space"),
        "request_id": "3f9a0c1d2e4b5a67",
        "fields": {"title": [WORDS[case]["sentence"]]} if case == "long" else {},
    }


def _topic_list(case: str) -> dict[str, Any]:
    words = WORDS[case]
    rows = [] if case == "empty" else topic_rows(case)
    return {
        "page": TopicListPage(
            title="For you",
            tabs=[
                Chip(name, "#", current=not place)
                for place, name in enumerate(("For you", "Latest", "Unanswered", "Most useful"))
            ],
            chips=[Chip(f"#{words['tag']}", "#", current=True), Chip("Question", "#", current=False)],
            spaces=[Chip(words["space"], "#", current=False), Chip("Procurement", "#", current=True)],
            topics=rows,
            older_url="#" if rows else "",
            query="kind=question",
            is_narrowed=False,
            saved=[SavedViewRow(words["title"][:60], "#", "#", "#", is_digest=True, current=False)],
            empty_title="You have read everything you follow",
            empty_text="What moves in the topics, spaces and tags you follow stands here.",
            live_url="",
        ),
        "topics": rows,
        "form": SavedViewForm(initial={"query": "kind=question"}),
        "is_kept": False,
    }


def _bookmark_list(case: str) -> dict[str, Any]:
    words = WORDS[case]
    return {
        "bookmarks": []
        if case == "empty"
        else [
            BookmarkRow(
                id=number,
                topic_title=words["title"],
                url="#",
                space_name=words["space"],
                author_name=words["name"],
                excerpt=words["sentence"],
                note=words["sentence"][:200] if number == 1 else "",
                reminder="Reminds you 4 Dec 2026, 09:00 if nobody has answered by then." if number else "",
                edit_url="#",
                delete_url="#",
                **WHEN,
            )
            for number in range(3)
        ],
        "older_url": "",
    }


def _writing(case: str) -> dict[str, Any]:
    """What stands below every form with prose."""
    words = WORDS[case]
    similar = SimilarRow(
        title=words["title"], url="#", space_name=words["space"], answer_url="#", replies_label="3 replies"
    )
    return {
        "writing": Writing(
            key="", sequence=2, member_id=1, saved_label="Your draft, kept 5 min ago.", is_restored=True
        ),
        "advice": Advice(lines=[Link("This notifies 43 people.", "")], similar=[similar]),
        "changes": _post_history(case)["revisions"][0].paragraphs if case == "long" else [],
    }


def _draft_list(case: str) -> dict[str, Any]:
    words = WORDS[case]
    row = DraftRow(id=0, title=words["title"], url="#", excerpt=words["sentence"], **WHEN)
    return {"drafts": [] if case == "empty" else [row, row]}


def _draft_conflict(case: str) -> dict[str, Any]:
    words = {"body": WORDS[case]["sentence"], "title": WORDS[case]["title"]}
    return {
        "sentence": "Another window has written here too. Both texts are kept; choose what becomes of them.",
        "key": "",
        "sequence": 2,
        "mine": words,
        "theirs": words,
        "my_words": list(words.items()),
        "url": "#",
    }


def _post_bin(case: str) -> dict[str, Any]:
    words = WORDS[case]
    row = BinRow(
        title=words["title"],
        url="#",
        restore_url="#",
        excerpt=words["sentence"],
        days_left_label="can be brought back for 30 days",
        **WHEN,
    )
    return {"posts": [] if case == "empty" else [row, row]}


PAGES: dict[str, tuple[str, Any]] = {
    "draft_list": ("discussions/draft_list.html", _draft_list),
    "draft_conflict": ("discussions/draft_conflict.html", _draft_conflict),
    "post_bin": ("discussions/post_bin.html", _post_bin),
    "topic_list": ("discussions/topic_list.html", _topic_list),
    "bookmark_list": ("discussions/bookmark_list.html", _bookmark_list),
    "home": ("home.html", _home),
    "space_list": ("discussions/space_list.html", _space_list),
    "space_show": ("discussions/space_show.html", _space_show),
    "topic_show": ("discussions/topic_show.html", _topic_show),
    "topic_create": ("discussions/topic_create.html", _form_page),
    "topic_edit": ("discussions/topic_edit.html", _form_page),
    "post_edit": ("discussions/post_edit.html", _form_page),
    "post_history": ("discussions/post_history.html", _post_history),
    "tag_show": ("discussions/tag_show.html", _tag_show),
    "search": ("search.html", _search),
    "member_list": ("members/member_list.html", _member_list),
    "organisation_show": ("members/organisation_show.html", _organisation_show),
    "member_show": ("members/member_show.html", _member_show),
    "member_posts": ("discussions/_member_posts.html", _member_posts),
    "profile_edit": ("members/profile_edit.html", _profile_edit),
    "profile_preview": ("members/profile_preview.html", _profile_preview),
    "photo_edit": ("members/photo_edit.html", _photo_edit),
    "introduction_list": ("members/introduction_list.html", _introduction_list),
    "tie_list": ("members/tie_list.html", _tie_list),
    "error": ("errors/error.html", _error),
}


def _frame(case: str) -> dict[str, Any]:
    words = WORDS[case]
    spaces = [
        _row(name=words["space"], url="#", current=number == 1, is_new=number in {2, 3})
        for number in range(0 if case == "empty" else 6)
    ]
    return {
        "community_name": words["space"] if case == "long" else "Northwind customers",
        "me": _row(display_name=words["name"], url="#", initials="AL"),
        "nav_spaces": spaces,
        "is_staff": True,
        "here": "home",
    }


def gallery(request: HttpRequest) -> HttpResponse:
    """Components, or with `?page=` a whole page; `&case=` chooses the words, `&theme=` day or night."""
    if not settings.GALLERY:
        raise Http404
    case, page = request.GET.get("case", "short"), request.GET.get("page", "")
    if case not in CASES or (page and page not in PAGES):
        raise Http404
    theme = {"theme": request.GET["theme"]} if request.GET.get("theme") in {"light", "dark"} else {}
    if page:
        template, context = PAGES[page]
        return render(request, template, {**_frame(case), **theme, **context(case)})
    sent = {"space": "9", "kind": "", "title": "WHY", "body": "", "tags": "refused"}
    components = {
        "cases": CASES,
        "page_names": list(PAGES),
        "form": WritingForm(),
        "form_with_errors": WritingForm(sent, prefix="wrong"),
        "posts": post_rows(case, 8),
        "topics": topic_rows(case, 6),
        "words": WORDS[case],
        "pages": PAGE_LINKS,
        "revision": _post_history(case)["revisions"][:1],
        "older_url": "#",
    }
    return render(request, "gallery.html", {**_frame(case), **theme, **components})
