"""All pages and mails in a real Chromium, and the mails compared with what mail programs support.

Needs Chromium, Node and three packages (`npm install playwright-core axe-core caniemail`) in the folder
DIGEST_NODE_MODULES; skipped if they are missing. With DIGEST_REQUIRE_BROWSER=1, missing packages are an error.
"""

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import html5lib
import pytest

from digest.home.settings_file import open_home
from digest.render import notice_pages
from digest.services.reader_pages import notice_page
from tests.deliver.mail_home import MailHome
from tests.deliver.smtp_server import ScriptedServer
from tests.homes import Card, TestHome, page
from tests.web.conftest import serving
from tests.web.test_web_console import PASSWORD, Operator, typed

LOOK = Path(__file__).parent / "look.mjs"
MODULES = Path(os.environ.get("DIGEST_NODE_MODULES", ".")) / "node_modules"
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)

FAMILIES = ("gmail", "apple-mail", "outlook", "yahoo")
# Features that mails use although a mail program lacks them, and how the mail looks there.
DEGRADES = {
    "css-overflow-wrap": "a long word is cut off at the edge, as in all mails there",
    "css-overflow": "the preview text is already hidden by display:none",
    "css-max-height": "as above",
    "css-display-none": "the preview text is shown as small white text on white",
    "css-table-layout": "the outer table is as wide as the window in any case",
    "css-border-radius": "the corners around short links are square",
    "html-role": "screen readers read a plain table or text",
    "html-body": "the table below has the same background",
    "html-anchor-links": "the links in the table of contents do not work; the papers follow below",
    "css-max-width": "Outlook uses the table in the conditional comment",
}


def needs(*paths: object) -> None:
    """Skip the test if something is missing, or fail it if DIGEST_REQUIRE_BROWSER is set."""
    missing = [str(path) for path in paths if not path or not Path(str(path)).exists()]
    if missing:
        reason = f"missing: {', '.join(missing)}"
        if os.environ.get("DIGEST_REQUIRE_BROWSER") == "1":
            pytest.fail(reason)
        pytest.skip(reason)


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """A home with long and short issues, one in German, and papers with TeX, markup and a very long word."""
    made = TestHome(tmp_path_factory.mktemp("browser"))
    odd = Card(
        "Kites of <b>6.3times</b> R^{n times n} & " + "w" * 120, "Strings of $\\alpha$ " + "x" * 300 + " end."
    )
    made.put("2026-10-01.txt", page(*(f"Kites number {number}" for number in range(12)), odd, day="Oct 1"))
    made.subscribe("wind", "kites", schedule="daily 08:00", start="90 days")
    made.subscribe("calm", "doldrums")
    made.subscribe("ruhig", "kites", language="de")
    made.run("2026-10-01T09:00")
    made.put("2026-11-19.txt", page("Kites come back", "Lanterns", day="Nov 19"))
    made.run("2026-11-20T09:00")
    return made


def test_pages_and_mails_in_a_browser(home):
    """axe-core reports nothing in light and dark mode, nothing is wider than 320 pixels, and the search works."""
    needs(CHROMIUM, shutil.which("node"), MODULES / "playwright-core", MODULES / "axe-core")
    site = home.path / "output" / "site"
    pages = [site / "index.html", site.parent / "feeds" / "index.html"]
    pages += sorted((home.path / "output").rglob("*-[12].html"))
    pages += sorted((site / "papers").glob("1*.html"))[:5]
    opened = open_home(str(home.path))
    for name, notice in {
        "ask": notice_pages.unsubscribe_form("Kites " + "w" * 120, "reader@example.org", "en"),
        "left": notice_pages.unsubscribed("Kites", "reader@example.org", "de"),
        "none": notice_pages.not_found("de"),
    }.items():
        pages.append(home.write(f"{name}.html", notice_page(opened, notice)))
    look_at(pages)


def look_at(pages: list[Path]) -> None:
    """Open pages in Chromium, and fail with whatever is wrong with any of them."""
    done = subprocess.run(
        ["node", str(LOOK), str(CHROMIUM), "-", *map(str, pages)], capture_output=True, text=True, check=True
    )
    report = json.loads(done.stdout)
    assert len(report) == len(pages) * 6
    assert {page: found for page, found in report.items() if found} == {}


def test_the_console_in_a_browser(tmp_path):
    """The pages of the console, with long words in every table, and its messages."""
    needs(CHROMIUM, shutil.which("node"), MODULES / "playwright-core", MODULES / "axe-core")
    made, word = MailHome(tmp_path / "home"), "w" * 60
    made.queue(kelp=["ada@x.test", f"{word}@{'y' * 60}.test"])
    made.subscribe(word, "kelp", name=f"{word}{word}", email=[f"{word}@x.test"], paused_until="2099-01-01")
    made.write("subscriptions/broken.toml", f'keyword = "{word}{word}"\n')
    made.call("recipients", "suppress", f"{word}@x.test", "--reason", word * 2)
    with ScriptedServer(plan=lambda _to, _before: f"recipient 550 5.7.1 {word}{word}") as server:
        made.settings(
            server.port, more=f'[[sources]]\nname = "s"\nkind = "feed"\nurl = "https://x.test/{word}"'
        )
        made.deliver(status=None)
    pages = []
    typed(made, PASSWORD)
    with serving(made) as site:
        operator = Operator(site)
        pages.append(made.write("sign-in.html", operator.get("/sign-in").text))
        operator.sign_in()
        paths = [
            "",
            "/subscriptions",
            "/subscriptions/broken",
            f"/subscriptions/{word}",
            "/readers?state=suppressed",
        ]
        paths += [
            "/readers",
            "/requests",
            "/mail?state=all",
            "/runs",
            "/runs/1",
            "/sources",
            "/actions",
            "/runs/9",
        ]
        for number, path in enumerate(paths):
            pages.append(made.write(f"page-{number}.html", operator.get(path).text))
        wrong = operator.post(f"/subscriptions/{word}", text="keyword = 3", known="")
        pages.append(made.write("wrong.html", wrong.text))
    look_at(pages)


def test_the_console_without_scripts_and_mouse(tmp_path):
    needs(CHROMIUM, shutil.which("node"), MODULES / "playwright-core")
    made = MailHome(tmp_path / "home")
    made.subscribe("kelp", "kelp")
    typed(made, PASSWORD)
    with serving(made) as site:
        script = LOOK.parent / "console.mjs"
        words = ["node", str(script), str(CHROMIUM), f"http://127.0.0.1:{site.port}", PASSWORD]
        done = subprocess.run(words, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, done.stderr


def features(mail: str) -> set[str]:
    """Return the features of a mail by their names in caniemail: inline styles, elements, attributes."""
    tree = html5lib.parse(re.sub(r"<!--.*?-->", "", mail, flags=re.DOTALL), namespaceHTMLElements=False)
    used: set[str] = set()
    for element in tree.iter():
        if not isinstance(element.tag, str) or element.tag in {
            "html",
            "head",
            "meta",
            "title",
            "style",
            "tbody",
        }:
            continue
        tag = {"h1": "h1-h6", "h2": "h1-h6", "h3": "h1-h6", "ol": "lists", "li": "lists"}.get(
            element.tag, element.tag
        )
        used.add(f"html-{tag}")
        used |= {f"html-{name}" for name in element.attrib if name not in {"style", "class", "id", "href"}}
        if element.get("href", "").startswith("#"):
            used.add("html-anchor-links")
        for rule in filter(None, element.get("style", "").split(";")):
            name, value = rule.split(":", 1)
            used.add(
                "css-display-none" if rule == "display:none" else f"css-{re.sub('-(top|bottom)$', '', name)}"
            )
            assert "url(" not in value and "!important" not in value
    return used


def test_mails_use_what_mail_programs_support(home):
    needs(MODULES / "caniemail")
    known = json.loads((MODULES / "caniemail" / "data" / "caniemail.json").read_text("utf-8"))["data"]
    table = {feature["slug"]: feature["stats"] for feature in known}
    for path in sorted((home.path / "output" / "issues").rglob("*.html")):
        for feature in features(path.read_text("utf-8")) & table.keys() - DEGRADES.keys():
            for family in FAMILIES:
                for program, versions in table[feature].get(family, {}).items():
                    newest = list(versions.values())[-1]
                    # The mail program of Windows 10 is discontinued.
                    assert newest[0] != "n" or program == "windows-mail", f"{feature}: {family} {program}"


def test_mails_are_self_contained(home):
    for path in sorted((home.path / "output" / "issues").rglob("*.html")):
        mail = path.read_text("utf-8")
        assert not re.search(
            r"<(?:img|link|script|svg|video|form|input|iframe)\b|@import|@font-face|url\(", mail
        )
        style = mail.split("<style>", 1)[1].split("</style>", 1)[0]
        assert len(style) < 16_000  # Gmail ignores a longer one
        assert "<style" not in mail.split("</head>", 1)[1]
