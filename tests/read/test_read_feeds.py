"""Feeds as publishers write them; papers and people are invented."""

import pytest
from reading import page

HEAD = (
    '<?xml version="1.0"?><rss version="2.0" xmlns:dc="http://purl.org/dc/elements/1.1/" '
    'xmlns:content="http://purl.org/rss/1.0/modules/content/" xmlns:prism="http://prismstandard.org/namespaces/basic/2.0/">'
    "<channel><title>Tides</title><link>https://tides.example/toc/1</link><item><title>Glue From Mussels</title>"
)
END = "</item></channel></rss>"
PROSE = "Mussel glue is loaded until it breaks. Byssal threads give way first."


def one(body: str):
    return page(HEAD + body + END).listings[0]


@pytest.mark.parametrize(
    "description",
    [
        # Wiley, SAGE, Taylor & Francis, ACM, Nature; each teaser comes before the abstract or beside it
        f"Coastal Materials, EarlyView. </description><content:encoded>&lt;h2&gt;ABSTRACT&lt;/h2&gt;&lt;p&gt;{PROSE}&lt;/p&gt;</content:encoded><description>",
        f"Coastal Materials, Volume 36, Issue 18, May 2, 2024. </description><content:encoded>&lt;p&gt;{PROSE}&lt;/p&gt;</content:encoded><description>",
        f"Coastal Science, Ahead of Print. &lt;br/&gt;{PROSE}",
        f"Tide Computing, Volume 3, Issue 1, Page 1-20, May 2024. &lt;br/&gt;{PROSE}",
        f"&lt;p&gt;Nature Tides, Published online: 03 May 2024; &lt;a href='https://doi.org/10.1038/a'&gt;doi:10.1038/s41586-024-00001-1&lt;/a&gt;&lt;/p&gt;{PROSE}",
        f"&lt;span class='paragraphSection'&gt;&lt;div class='boxTitle'&gt;Abstract&lt;/div&gt;{PROSE}&lt;/span&gt;",
        f"Glue From Mussels</description><dc:description>{PROSE}</dc:description><description>",
    ],
)
def test_the_abstract_is_the_prose_wherever_it_is(description):
    assert one(f"<description>{description}</description>").abstract == PROSE


@pytest.mark.parametrize(
    "description",
    [
        "Coastal Materials, EarlyView.",
        "Tides, Volume 3, Issue 1, May 2024.",
        "Glue from mussels.",
        "Abstract",
        "Tides, Ahead of Print.",
    ],
)
def test_a_teaser_is_no_abstract(description):
    assert one(f"<description>{description}</description>").abstract == ""


def test_labels_of_a_teaser_are_read():
    # ScienceDirect
    found = one(
        "<description>&lt;p&gt;Publication date: 15 May 2024&lt;/p&gt;&lt;p&gt;&lt;b&gt;Source:&lt;/b&gt; Journal of Tides, Volume 12&lt;/p&gt;"
        "&lt;p&gt;Author(s): Ada Brook, Fern Kelp&lt;/p&gt;</description>"
    )
    assert (found.abstract, found.authors, found.venue) == (
        "",
        ("Ada Brook", "Fern Kelp"),
        "Journal of Tides",
    )
    assert str(found.published) == "2024-05-15"


def test_the_announcement_comes_before_the_cover_date():
    body = "<pubDate>Fri, 03 May 2024 00:00:00 GMT</pubDate><prism:coverDate>2024-09-01</prism:coverDate>"
    assert str(one(body).published) == "2024-05-03"
    assert str(one("<prism:coverDate>2024-09-01</prism:coverDate>").published) == "2024-09-01"


@pytest.mark.parametrize(
    ("link", "address"),
    [
        ("/doi/10.1000/a", "https://tides.example/doi/10.1000/a"),
        ("//tides.example/b", "https://tides.example/b"),
        ("c", "https://tides.example/toc/c"),
        ("https://other.example/d", "https://other.example/d"),
    ],
)
def test_links_are_resolved_against_that_of_the_channel(link, address):
    assert one(f"<link>{link}</link>").url == address


def test_links_of_atom_are_resolved_against_its_base():
    found = page(
        '<feed xmlns="http://www.w3.org/2005/Atom" xml:base="https://tides.example/atom/"><title>Tides</title>'
        '<entry xml:base="2024/"><title>Glue</title><link href="glue"/><id>urn:x:1</id></entry></feed>'
    )
    assert found.listings[0].url == "https://tides.example/atom/2024/glue"


@pytest.mark.parametrize(
    "element",
    ["<author>{}</author>", "<dc:creator><![CDATA[{}]]></dc:creator>", "<author><name>{}</name></author>"],
)
def test_a_word_in_a_name_has_the_length_of_an_address_at_most(element):
    assert one(element.format("Ada " + "na" * 120)).authors == ("Ada " + "na" * 120,)
    assert one(element.format("Ada " + "na" * 100_000)).authors == ("Ada " + "na" * 128,)


def test_a_name_of_character_references_stays_whole():
    name = "Ада Лавлейсгородская-Тихомирова" * 2
    written = "".join(f"&#{ord(letter)};" if letter > "\x7f" else letter for letter in name)
    assert one(f"<author>{written}</author>").authors == (name,)
