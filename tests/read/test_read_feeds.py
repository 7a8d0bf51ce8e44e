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


ADA, ADA_FERN = ("Ada Brook",), ("Ada Brook", "Fern Kelp")
NAMED = "<dc:creator>Ada Brook</dc:creator><dc:creator>Fern Kelp</dc:creator>"


@pytest.mark.parametrize(("body", "found"), [
    # The American Physical Society
    (f"<description>&lt;p&gt;Author(s): Ada Brook and Fern Kelp&lt;/p&gt;&lt;p&gt;{PROSE}&lt;/p&gt;&lt;br /&gt;[Phys. Rev. Lett. 132, 010001] Published Tue Jan 02, 2024</description>", (PROSE, ADA_FERN)),
    # PLOS
    (f"<description>&lt;p&gt;by Ada Brook, Fern Kelp&lt;/p&gt;{PROSE}</description>{NAMED}", (PROSE, ADA_FERN)),
    # MDPI
    (f"<description>&lt;p&gt;&lt;b&gt;Tides, Vol. 13, Pages 1: Glue From Mussels&lt;/b&gt;&lt;/p&gt;&lt;p&gt;Tides &lt;a href='https://x.example'&gt;doi: 10.3390/t13010001&lt;/a&gt;&lt;/p&gt;&lt;p&gt;Authors:\nAda Brook\nFern Kelp\n&lt;/p&gt;&lt;p&gt;{PROSE}&lt;/p&gt;</description>{NAMED}", (PROSE, ADA_FERN)),
    # Copernicus
    (f"<description>&lt;b&gt;Glue From Mussels&lt;/b&gt;&lt;br&gt;Ada Brook and Fern Kelp&lt;br&gt;Tide Sci., 20, 1–10, https://doi.org/10.5194/ts-20-1-2024, 2024&lt;br&gt;{PROSE}</description>", (PROSE, ADA_FERN)),
    # The American Chemical Society: no abstract
    ("<description>&lt;p&gt;&lt;img src='https://x.example/toc.gif'/&gt;&lt;/p&gt;&lt;div&gt;&lt;cite&gt;Journal of the Tide Society&lt;/cite&gt;&lt;/div&gt;&lt;div&gt;DOI: 10.1021/tide.3c12345&lt;/div&gt;</description><author>Ada Brook, and Fern Kelp</author>", ("", ADA_FERN)),
    # The ACL Anthology (github acl-org/acl-anthology 5354), with conferences that may change
    ("<description>Ada Brook in Proceedings of the 38th Conference on Tides</description>", ("", ADA)),
    ("<description>Ada Brook and Fern Kelp in Findings of the Tide Association: TIDE 2024</description>", ("", ADA_FERN)),
    # SHARE (github CenterForOpenScience/SHARE 54)
    ("<description>Brook A.&lt;br/&gt;Retrieved from SciTech Connect at 2014-08-21 17:08:41.531480&lt;br/&gt;&lt;br/&gt;.</description>", ("", ())),
    # PubMed, of a paper without an abstract
    ("<description>Tide Lett. 2024 Jan 2. doi: 10.1000/t1. Online ahead of print.&lt;p&gt;NO ABSTRACT&lt;/p&gt;&lt;p&gt;PMID:&lt;a href='https://x.example'&gt;38160001&lt;/a&gt; | DOI:10.1000/t1&lt;/p&gt;</description>", ("", ())),
    # IEEE's own element
    (f"<description>{PROSE}</description><authors>Ada Brook;Fern Kelp;</authors>", (PROSE, ADA_FERN)),
    # a sentence with a DOI is prose
    (f"<description>&lt;p&gt;{PROSE}&lt;/p&gt;&lt;p&gt;The data are at https://doi.org/10.5281/zenodo.1 for all.&lt;/p&gt;</description>", (f"{PROSE} The data are at https://doi.org/10.5281/zenodo.1 for all.", ())),
    (f"<description>Authors: a group that is often wrong. {PROSE}</description>", (f"Authors: a group that is often wrong. {PROSE}", ())),
])  # fmt: skip
def test_what_stands_beside_an_abstract_is_read(body, found):
    listing = one(body)
    assert (listing.abstract, listing.authors) == found


def test_the_doi_of_a_citation_and_the_day_of_a_label():
    assert (
        one("<description>Tide Lett. 2024 Jan 2. doi: 10.1000/t1. Online ahead of print.</description>").doi
        == "10.1000/t1"
    )
    label = (
        "&lt;p&gt;Publication date: Available online 2 January 2024&lt;/p&gt;&lt;p&gt;Source: Tides&lt;/p&gt;"
    )
    assert str(one(f"<description>{label}</description>").published) == "2024-01-02"


@pytest.mark.parametrize(
    "title",
    [
        "[ASAP] Glue From Mussels",
        "Tides, Vol. 13, Pages 1: Glue From Mussels",
        "<![CDATA[Glue From <italic>Mussels</italic>]]>",
    ],
)
def test_what_feeds_put_into_titles(title):
    assert page(HEAD.replace("Glue From Mussels", title) + END).listings[0].title == "Glue From Mussels"


@pytest.mark.parametrize(
    "name", ["authors", "tags", "content", "links", "title_detail", "published_parsed", "items", "values"]
)
def test_elements_with_names_that_the_parser_uses(name):
    """Such an element made the reader fail, so that the whole feed was lost."""
    assert one(f"<{name}>Ada Brook</{name}>").title == "Glue From Mussels"


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


@pytest.mark.parametrize(("element", "found"), [
    ("<dc:creator>Brook, Ada; Kelp, Fern</dc:creator>", ADA_FERN), ("<dc:creator>Ada Brook &amp;amp; Fern Kelp</dc:creator>", ADA_FERN),
    # RSS's own form; feedparser takes `name@tides.scie` for the address
    ("<author>name@tides.science (Ada Brook)</author>", ADA), ("<author>name@tides.example (Ada Brook and Fern Kelp)</author>", ADA_FERN), ("<author>name@tides.org (Ada Brook)</author>", ADA),
])  # fmt: skip
def test_people_in_one_element(element, found):
    assert one(element).authors == found


@pytest.mark.parametrize(("body", "found"), [
    # ScienceDirect without labels; a lead, a heading and the abstract in lines of their own
    ("Available online 2 January 2024&lt;br&gt;Ada Brook, Fern Kelp", ("", ADA_FERN, "2024-01-02")),
    (f"Tide Letters, Volume 12, Issue 3, Page 1-9, May 2024.&lt;br/&gt;Abstract&lt;br/&gt;{PROSE}", (PROSE, (), "None")),
    # an abstract that ends like the title
    (f"{PROSE} So we made glue from mussels", (f"{PROSE} So we made glue from mussels", (), "None")),
    (f"{PROSE}&lt;br/&gt;We call it: Glue From Mussels", (f"{PROSE} We call it: Glue From Mussels", (), "None")),
])  # fmt: skip
def test_lines_of_descriptions(body, found):
    listing = one(f"<description>{body}</description>")
    assert (listing.abstract, listing.authors, str(listing.published)) == found


@pytest.mark.parametrize(
    "element",
    [
        "<prism:url>https://doi.org/10.1000/a</prism:url>",
        "<feedburner:origLink xmlns:feedburner='http://rssnamespace.org/feedburner/ext/1.0'>https://doi.org/10.1000/a</feedburner:origLink>",
    ],
)
def test_dois_in_other_elements(element):
    assert one(f"<link>https://tides.example/x</link>{element}").doi == "10.1000/a"
