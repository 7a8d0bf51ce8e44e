"""How a long issue is laid out: leads, themes, the rest; each paper once, in every form."""

import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from render_sample import FRAME, ISSUE, KETTLE, item

from digest.i18n.catalogue import language
from digest.model import Item, Theme
from digest.render import Renderer, layout

RENDERER = Renderer(None, FRAME)
ENGLISH = language("en")
PAPERS = tuple(
    replace(KETTLE, number=number, title=f"Paper {number} of one-step tea", url=f"https://x.test/{number}", arxiv=None)
    for number in range(1, 31)
)  # fmt: skip
THEMES = (Theme("green tea", (2, 5, 6, 7)), Theme("kettles", (1, 9, 8)), Theme("alone", (3, 11)))
LONG = replace(
    ISSUE, new=tuple(map(item, PAPERS[:20])), more_new=tuple(map(item, PAPERS[20:])), themes=THEMES
)
HEADINGS = ["If you read only three", "Green tea", "Kettles", "More", "Updated"]


def outline(issue, **options):
    return [
        (section.heading, section.style, [each.paper.number for each in section.items])
        for section in layout.sections(issue, ENGLISH, **options)
    ]


def test_leads_then_themes_by_their_best_paper_then_the_rest():
    assert outline(LONG) == [
        ("If you read only three", "lead", [1, 2, 3]),
        ("Green tea", "compact", [5, 6, 7]),
        ("Kettles", "compact", [8, 9]),
        ("More", "compact", [4, *range(10, 21)]),  # one paper of a theme is left: it gets no heading
        ("Updated", "compact", [17]),
    ]
    assert [section.total for section in layout.sections(LONG, ENGLISH)] == [3, 3, 2, 22, 1]


@pytest.mark.parametrize(("papers", "leads"), [(12, 3), (24, 3), (25, 4), (40, 5)])
def test_three_to_five_leads(papers, leads):
    issue = replace(LONG, new=tuple(map(Item, PAPERS * 2))[:papers], themes=())
    assert len(layout.sections(issue, ENGLISH)[0].items) == leads


def test_a_short_issue_keeps_its_order():
    short = replace(LONG, new=LONG.new[:11])
    assert outline(short) == [("New", "full", [*range(1, 12)]), ("Updated", "full", [17])]
    assert 'id="new"' in RENDERER.html(short) and "In this issue" not in RENDERER.html(short)


@given(
    new=st.lists(st.integers(1, 30), max_size=40),
    cap=st.integers(0, 40),
    room=st.none() | st.integers(0, 45),
    themes=st.lists(st.lists(st.integers(1, 30)).map(tuple), max_size=8),
)
def test_each_paper_is_once_in_any_issue(new, cap, room, themes):
    items = tuple(Item(PAPERS[number - 1]) for number in new)
    named = tuple(Theme(f"theme {place}", papers) for place, papers in enumerate(themes))
    issue = replace(LONG, new=items[:cap], more_new=items[cap:], themes=named)
    whole = layout.sections(issue, ENGLISH, everything=True)
    assert sorted(map(id, (each for part in whole for each in part.items))) == sorted(
        map(id, (*items, *issue.updated))
    )
    some = layout.sections(issue, ENGLISH, room=room)
    assert [(part.id, part.total) for part in some] == [(part.id, part.total) for part in whole]
    shown = [each for part in some for each in part.items]
    assert len(shown) == min(len(issue.new) + len(issue.updated), 100 if room is None else room)
    assert len({part.id for part in whole}) == len(whole)


def test_every_form_has_the_same_sections_and_numbers():
    html, archive = RENDERER.html(LONG), RENDERER.archive(LONG)
    for page in (html, archive):
        found = [re.sub("<.*?>| · ", "", each) for each in re.findall("<h2.*?</h2>", page)][:5]
        assert [re.sub(r" ?\d+$", "", each) for each in found] == HEADINGS
    text, markdown = RENDERER.text(LONG), RENDERER.markdown(LONG)
    for heading in HEADINGS:
        assert f"\n{heading.upper()}\n" in text and f"\n## {heading}\n" in markdown
    numbered = [(int(a), int(b)) for a, b in re.findall(r"^ *(\d+)\. Paper (\d+)", text, re.MULTILINE)]
    assert [place for place, _ in numbered] == [*range(1, 21)]
    assert numbered == [(int(a), int(b)) for a, b in re.findall(r"### (\d+)\\\. \[Paper (\d+)", markdown)]
    assert [int(each) for each in re.findall('"place">(\\d+)<', archive)] == [*range(1, 32)]


def test_a_mail_links_to_what_it_hides():
    link = f'{FRAME.base_url}issues/tea/2026-03-12-7.html#more"'
    assert link in RENDERER.html(LONG) and 'id="more"' in RENDERER.archive(LONG)
    assert "and 10 more on the web" in RENDERER.html(LONG)


def test_contents_have_at_most_ten_lines_and_lead_to_their_sections():
    themes = tuple(Theme(f"theme {n}", (n * 2 + 4, n * 2 + 5)) for n in range(7))
    page = RENDERER.html(replace(LONG, themes=themes, discover=LONG.updated))
    links = re.findall('<a class="l" href="#([^"]*)"', page)
    assert len(links) == 10
    assert all(f'id="{each}"' in page for each in links)
    assert page.index("We propose Kettle") < 12_000  # the first gist comes soon


def test_the_archive_page_folds_abstracts_under_gists():
    page = RENDERER.archive(LONG)
    gist = re.search('<p class="gist".*?</p>', page)
    assert gist and "We propose Kettle" in re.sub("<.*?>", "", gist[0]) and "<b>" in gist[0]
    assert page.count("<details>") == 30  # the whole abstract of one is short
    assert re.search(
        '<details>\n<summary>Abstract</summary>\n<blockquote>\n<p dir="auto">Brewing models', page
    )


def test_the_footer_speaks_to_readers_where_there_are_readers():
    site = replace(FRAME, contact="library@example.org")
    mailed = replace(ISSUE, mailed=True)
    for form in (Renderer.html, Renderer.text):
        shown = " ".join(re.sub("<.*?>", "", form(Renderer(None, site), mailed)).split())
        assert "You get this because you asked for one-step or" in shown
        assert "Schedule: weekdays 08:00" in shown
        assert "To stop these emails, choose Unsubscribe" in shown
        assert "run by library@example.org; write there" in shown
        assert "subscriptions/tea.toml" not in shown
        nobody = " ".join(re.sub("<.*?>", "", form(RENDERER, mailed)).split())
        assert "run by" not in nobody and "subscriptions/tea.toml" not in nobody
        owner = " ".join(re.sub("<.*?>", "", form(RENDERER, ISSUE)).split())
        assert "edit subscriptions/tea.toml" in owner and "Unsubscribe" not in owner
    for form in (Renderer.markdown, Renderer.archive):  # others read these, too
        shown = form(Renderer(None, site), mailed)
        assert "library@example.org" in shown and "Unsubscribe" not in shown
