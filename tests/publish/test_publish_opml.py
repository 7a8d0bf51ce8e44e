from xml.etree import ElementTree as ET

from hypothesis import given
from strategies import texts

from digest.publish import opml


def test_the_list_of_feeds():
    data = opml("Tea & more", "https://x.test/", [("all", "All"), ("tea", "<Tea>")])
    root = ET.fromstring(data)
    assert (root.tag, root.get("version"), root.findtext("head/title")) == ("opml", "2.0", "Tea & more")
    outlines = [dict(each.attrib) for each in root.iter("outline")]
    assert outlines[1] == {
        "type": "rss",
        "text": "‹Tea>",
        "title": "‹Tea>",
        "xmlUrl": "https://x.test/feeds/tea.rss",
        "htmlUrl": "https://x.test/",
    }


def test_names_are_neither_markup_nor_control_characters():
    name = 'Tea <b>&amp; "milk"</b> a < b & c\x00\x1b[31m\u202e'
    (outline,) = ET.fromstring(opml(name, "https://x.test/", [("tea", name)])).iter("outline")
    assert outline.get("text").startswith('Tea ‹b>＆amp; "milk"‹/b> a < b & c')
    assert outline.get("text").isprintable()


@given(texts(), texts())
def test_any_name_makes_a_list_that_can_be_read(title, name):
    assert len(list(ET.fromstring(opml(title, "https://x.test/", [("a", name)])).iter("outline"))) == 1
