"""Arabic and Hebrew titles, names and abstracts among English ones keep their order, in every form."""

import html
import re
from dataclasses import replace

import html5lib
import pytest
from hypothesis import given
from hypothesis import strategies as st
from render_sample import FRAME, ISSUE, KETTLE, item

from digest.render import Renderer
from digest.render.plain_text import WIDTH, wrap
from digest.text.direction import OPENING, POP, in_lines, isolated, without_isolates

ARABIC = replace(
    KETTLE,
    number=51,
    title="غلاية: توليد الشاي في خطوة واحدة (one-step) من أوراق قليلة",
    abstract="نقترح نموذج Kettle الذي يصنع الشاي في خطوة واحدة. " * 6 + "النتيجة 98.5% على TeaNet-256.",
    authors=("محمد الأمين", "Ada Steep", "ليلى بن صالح"),
    author_count=3,
    organization="جامعة تونس",
)
HEBREW = replace(
    KETTLE,
    number=52,
    title="קומקום: תה בצעד אחד",
    abstract="אנו מציעים קומקום one-step שחוסך 14 צעדים.",
    authors=("דוד כהן",),
    organization=None,
)
MIXED = replace(
    ISSUE,
    name="שתייה & tea",
    new=(item(ARABIC), item(HEBREW), item(KETTLE)),
    more_new=(),
    updated=(),
    trends=(),
)


@pytest.fixture(scope="module")
def renderer():
    return Renderer(None, FRAME)


def tree_of(page):
    return html5lib.parse(page, namespaceHTMLElements=False)


def opened(text):
    return sum(map(text.count, OPENING))


def text_of(element):
    return "".join(element.itertext())


@pytest.mark.parametrize("form", ["html", "archive"])
def test_titles_and_abstracts_find_their_direction(renderer, form):
    tree = tree_of(getattr(renderer, form)(MIXED))
    headings = [each for each in tree.iter("h3") if "קומקום" in text_of(each) or "غلاية" in text_of(each)]
    assert len(headings) == 2
    abstracts = [
        each for each in tree.iter("p") if "TeaNet-256" in text_of(each) or "אנו מציעים" in text_of(each)
    ]
    assert len(abstracts) >= 2
    assert {each.get("dir") for each in (*headings, *abstracts, *tree.iter("h1"))} == {"auto"}


@pytest.mark.parametrize("form", ["html", "markdown", "text", "archive"])
def test_names_are_isolated(renderer, form):
    shown = getattr(renderer, form)(MIXED)
    for name in ("محمد الأمين", "ليلى بن صالح", "דוד כהן", "جامعة تونس"):
        assert f"{OPENING[1]}{name}{POP}" in shown
    assert not any(f"{opening}Ada" in shown for opening in OPENING)


def test_the_page_of_a_paper(renderer):
    page = renderer.paper(ARABIC)
    assert '<h1 dir="auto">غلاية' in page
    assert "<bdi>محمد الأمين</bdi>, <bdi>Ada Steep</bdi>" in page
    assert '<p dir="auto">نقترح' in page


def test_isolates_end_with_each_line_of_the_text(renderer):
    lines = renderer.text(MIXED).split("\n")
    assert all(opened(line) == line.count(POP) for line in lines)
    arabic = [line for line in lines if re.search("[\u0600-\u06ff\u05d0-\u05ea]", line)]
    assert len(arabic) > 5
    assert all(opened(line) for line in arabic)
    assert any(
        f"    {OPENING[1]}Kettle" in line for line in lines
    )  # a line of Arabic that begins with a Latin word


def test_a_text_from_left_to_right_has_no_isolates(renderer):
    latin = replace(ISSUE, new=(item(KETTLE),), updated=())
    for form in ("html", "markdown", "text", "archive"):
        assert not opened(getattr(renderer, form)(latin))


def test_isolates_from_outside_are_removed(renderer):
    paper = replace(KETTLE, title="a\u2068b\u2067c", abstract="d\u2068e", authors=("f\u2068g",))
    for form in ("html", "markdown", "text", "archive"):
        assert not re.search(
            "[\u2066-\u2069]", getattr(renderer, form)(replace(ISSUE, new=(item(paper),), updated=()))
        )


@given(st.lists(st.text("ab אבג \u2066\u2067\u2069", max_size=20)))
def test_lines_are_balanced(lines):
    found = list(in_lines(lines))
    assert [without_isolates(line) for line in found] == [without_isolates(line) for line in lines]
    for line in found:
        depth = 0
        for char in line:
            depth = max(0, depth + (char in OPENING) - (char == POP))
        assert depth == 0


def test_wrapped_lines_are_not_longer():
    text = wrap(isolated("אבג דהו " * 40), "    ")
    assert all(len(without_isolates(line)) <= WIDTH for line in text.split("\n"))


@pytest.mark.parametrize("form", ["html", "markdown", "text", "archive"])
def test_keywords_keep_their_order_in_the_sentence_about_them(form):
    words = ("شاي (a)", '"תה"', "tea", "קומקום & <b>!")
    page = getattr(Renderer(None, FRAME), form)(replace(MIXED, keywords=words, exclude=words[:2]))
    shown = (
        "".join(html5lib.parseFragment(page).itertext())
        if form in {"html", "archive"}
        else html.unescape(page)
    )
    shown = re.sub("\u2069\n[\u2066-\u2068]", " ", shown.replace("\\", ""))  # a line may end in a keyword
    for word in words:
        assert isolated(word) in shown
