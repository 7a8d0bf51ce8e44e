"""Pages stay well formed, and no text of papers or subscriptions becomes active content."""

import re
from dataclasses import replace
from datetime import date
from itertools import pairwise
from pathlib import Path

import html5lib
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from render_sample import FRAME, ISSUE, KETTLE, SEEN, evidence
from strategies import texts

from digest.model import Evidence, IssueLine, Item, Paper
from digest.render import ArchiveStats, Renderer
from digest.render.renderer import BUDGET
from digest.text.clean import clean
from digest.text.math import shown

RENDERER = Renderer(None, FRAME)
SCRIPTS = tuple(
    "\n" + (Path(__file__).parents[2] / "templates" / name).read_text("utf-8")
    for name in ("search.js", "copy.js")
)
ATTACKS = (
    "<script>alert(1)</script>",
    "</title><script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<svg/onload=alert(1)>",
    '"><iframe src=javascript:alert(1)>',
    "' onmouseover='alert(1)",
    "[x](javascript:alert(1))",
    "![x](javascript:alert(1))",
    "<javascript:alert(1)>",
    "[x]: javascript:alert(1)",
    "javascript:alert(1)",
    "data:text/html,<script>alert(1)</script>",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "<!--",
    "-->",
    "<![CDATA[",
    "]]>",
    "</style><script>alert(1)</script>",
    "<![endif]-->",
    "{{ 7 * 7 }}",
    "{% include 'issue.html' %}",
    "\x00\x02klzzwxh:0000\x03",
    "\u202e\u2066\ud800\ufffe",
    "`<script>`",
    "    <script>alert(1)</script>",
    "> # <b>",
    "\\<script\\>",
    "*" * 500,
    "[" * 300,
    "_a" * 200,
)
TEXTS = st.sampled_from(ATTACKS) | texts() | st.tuples(st.sampled_from(ATTACKS), texts()).map("".join)
ELEMENTS = {
    *(
        "html",
        "head",
        "meta",
        "title",
        "style",
        "link",
        "body",
        "div",
        "table",
        "tbody",
        "tr",
        "td",
        "p",
        "h1",
        "h2",
        "h3",
    ),
    *(
        "a",
        "span",
        "b",
        "ol",
        "ul",
        "li",
        "header",
        "main",
        "footer",
        "nav",
        "details",
        "summary",
        "bdi",
        "blockquote",
        "strong",
    ),
    *("hr", "dl", "dt", "dd", "section", "code", "DOCUMENT_ROOT"),
    *("pre", "svg", "rect", "form", "label", "input", "article", "button", "small"),
}


_ISOLATED = re.compile("[\u2066-\u2068]([^\u2066-\u2069]*)\u2069")


def check_characters(text):
    """Nothing but line ends needs cleaning, apart from isolates, each of which ends."""
    bare = text.replace("\n", " ")
    while (less := _ISOLATED.sub(r"\1", bare)) != bare:
        bare = less
    assert clean(bare) == bare


def check_page(page, *, own_script=False):
    """Parse a page strictly and return its text; nothing in it may be live but links to the web."""
    check_characters(page)
    tree = html5lib.HTMLParser(strict=True, namespaceHTMLElements=False).parse(page)
    for element in tree.iter():
        if isinstance(element.tag, str):
            if element.tag == "script" and own_script:
                assert (element.text or "").startswith(SCRIPTS)
                continue
            assert element.tag in ELEMENTS
            for name, value in element.attrib.items():
                assert not name.lower().startswith("on")
                if name in {"href", "src"}:
                    assert (
                        value.startswith(
                            ("https://", "http://", "#", "../", "index.html", "issues/", "papers/")
                        )
                        or value == "search"
                    )
    return "".join(tree.itertext())


@st.composite
def papers(draw):
    title, abstract, author = draw(TEXTS), draw(TEXTS), draw(TEXTS)
    return Paper(
        number=draw(st.integers(1, 9)),
        uid="urn:uuid:5f0c1e6a-7d1b-5a36-9a55-0b7d6d1f9c01",
        title=title,
        abstract=abstract,
        first_seen=SEEN,
        authors=(author, "Ada Steep"),
        published=draw(st.none() | st.just(date(2026, 3, 1))),
        organization=draw(st.none() | TEXTS),
        categories=(draw(TEXTS),),
        arxiv=draw(st.none() | TEXTS),
        doi=draw(st.none() | TEXTS),
        url=draw(st.none() | TEXTS | TEXTS.map("https://x.test/".__add__)),
        code_url=draw(st.none() | TEXTS),
        sources=(draw(TEXTS),),
    )


@st.composite
def issues(draw):
    paper = draw(papers())
    ends = draw(st.lists(st.tuples(st.integers(0, 40), st.integers(0, 40)), max_size=4))
    found = tuple(
        Evidence(draw(TEXTS), field, "", min(pair), max(pair), 0 if field == "author" else None)
        for pair in ends
        for field in ("title", "abstract", "author")
    )
    item = Item(paper, 1.0, found, (draw(TEXTS),))
    return replace(
        ISSUE,
        name=draw(TEXTS),
        new=(item,),
        updated=(item,),
        keywords=(draw(TEXTS),),
        exclude=(draw(TEXTS),),
        schedule=draw(TEXTS),
        timezone=draw(TEXTS),
    )


@settings(max_examples=60, deadline=None)
@given(issue=issues())
def test_any_issue(issue):
    check_page(RENDERER.html(issue))
    check_page(RENDERER.archive(issue))
    for text in (RENDERER.text(issue), RENDERER.markdown(issue), RENDERER.subject(issue)):
        assert text.encode()
        check_characters(text)
    assert "\n" not in RENDERER.subject(issue)


@settings(max_examples=60, deadline=None)
@given(paper=papers(), name=TEXTS)
def test_any_paper_and_index(paper, name):
    line = IssueLine("tea", name, 1, date(2026, 3, 1), 1)
    check_page(RENDERER.paper(paper, [line], [(paper.number, RENDERER.title(paper))]), own_script=True)
    check_page(RENDERER.index([line], {"other": name}, ArchiveStats((), {}, 1)), own_script=True)


@pytest.mark.parametrize("attack", ATTACKS)
def test_attacks_show_as_text(attack):
    paper = replace(
        KETTLE, title=attack, abstract=f"Before {attack} after.", authors=(attack,), organization=attack
    )
    issue = replace(ISSUE, new=(Item(paper),), updated=(), more_new=(), name="Tea")
    shown = "".join(clean(attack).split())
    for page in (RENDERER.html(issue), RENDERER.archive(issue), RENDERER.paper(paper)):
        assert shown in "".join(check_page(page, own_script=True).split())


def test_the_archive_lists_all_and_shortens_nothing():
    page = check_page(RENDERER.archive(ISSUE))
    for item in (*ISSUE.new, *ISSUE.more_new, *ISSUE.updated):
        assert "".join(shown(item.paper.title).split()) in "".join(page.split())
        assert "".join(shown(item.paper.abstract).split()) in "".join(page.split())


def test_a_long_issue_is_small_enough_for_mail_programs():
    """Gmail clips a mail at about 102 KB of HTML."""
    sentence = "This is a sentence of the abstract about one-step brewing with <leaves> & water in a pot. "
    items = tuple(
        Item(
            replace(KETTLE, number=number, title="One-step brewing " * 8, abstract=sentence * 18),
            evidence=tuple(
                Evidence("one-step", "abstract", "", start, start + 8)
                for start in range(sentence.index("one-step"), 18 * len(sentence), len(sentence))
            ),
        )
        for number in range(20)
    )
    page = RENDERER.html(replace(ISSUE, new=items, more_new=items))
    assert len(page.encode()) < 95_000


def test_headings_and_landmarks():
    for page in (
        RENDERER.html(ISSUE),
        RENDERER.archive(ISSUE),
        RENDERER.index([IssueLine.of(ISSUE)]),
        RENDERER.paper(KETTLE),
    ):
        tree = html5lib.parse(page, namespaceHTMLElements=False)
        assert tree.get("lang") == "en"
        assert tree.find(".//title").text
        assert len([each for each in tree.iter() if each.tag == "main" or each.get("role") == "main"]) == 1
        levels = [int(each.tag[1]) for each in tree.iter() if each.tag in {"h1", "h2", "h3"}]
        assert levels[0] == 1 and levels.count(1) == 1
        assert all(after <= before + 1 for before, after in pairwise(levels))
        anchors = [each.get("id") for each in tree.iter() if each.get("id")]
        assert len(anchors) == len(set(anchors))


def luminance(colour):
    parts = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one, other):
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize(
    ("page", "tint", "colours"),
    [
        ("#ffffff", "#fdf3cf", ("#15181c", "#464d55", "#5d646d", "#1a56b4")),
        ("#15171b", "#40361a", ("#eef0f2", "#b9bfc6", "#c3c8ce", "#8fb8f6")),
        ("#15171b", "#15171b", ("#9ba2aa",)),
    ],
)
def test_contrast_is_enough_to_read(page, tint, colours):
    templates = RENDERER.html(ISSUE) + RENDERER.archive(ISSUE)
    for colour in (page, tint, *colours):
        assert colour in templates
    for colour in colours:
        assert contrast(colour, page) >= 4.5
        assert contrast(colour, tint) >= 4.5


@pytest.mark.parametrize("papers", [20, 60, 300])
def test_a_mail_stays_below_what_mail_programs_cut_off(papers):
    """Whatever the papers are like; what is left out of the mail is behind the link, and all is counted."""
    long = "We propose a <very> & long thing with 'quotes' in it, one-step. " * 40
    many = tuple(
        Item(replace(KETTLE, number=number, title=f"{number} " + long[:300], abstract=long), 1.0, found)
        for number in range(papers)
        for found in [evidence(replace(KETTLE, title=long[:300], abstract=long), "one-step", "one-step")]
    )
    page = RENDERER.html(replace(ISSUE, new=many[:-5], updated=many[-5:], more_new=()))
    assert len(page.encode()) <= BUDGET
    shown = page.count("<h3")
    more = sum(int(found) for found in re.findall(r"and (\d+) more on the web", page))
    assert shown + more == papers
    assert RENDERER.archive(replace(ISSUE, new=many[:2])).count(long[:200].replace("&", "&amp;")[:10]) >= 2


def test_one_paper_that_is_too_large_leaves_a_mail():
    huge = Item(replace(KETTLE, title="<" * 10_000, abstract="&" * 100_000))
    page = RENDERER.html(replace(ISSUE, new=(huge,) * 3, updated=(), more_new=()))
    assert len(page.encode()) <= BUDGET
