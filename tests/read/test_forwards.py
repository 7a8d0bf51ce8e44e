"""Alerts that were forwarded, by every usual mail program, and addresses that filters of mail wrapped.

The layouts are those of the fixtures of crisp-oss/email-forward-parser (Gmail, Apple Mail, Outlook, Thunderbird,
Yahoo; 20 languages); the wrapped addresses those of Proofpoint's decoder and of public mailing-list archives.
"""

import base64
import html
import re
from collections.abc import Callable
from itertools import product
from pathlib import Path
from urllib.parse import quote

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from reading import page, rejected

from digest.model import DigestFile
from digest.text.wrapped import unwrapped, unwrapped_text

SAMPLES = Path(__file__).parent / "samples"
ARXIV = (SAMPLES / "arxiv-mail.txt").read_text("utf-8").partition("\n\n")[2]
SCHOLAR = (SAMPLES / "scholar-alert.html").read_text("utf-8")
BODY = SCHOLAR.partition("<body>")[2].partition("</body>")[0]
TOC = "Shore Letters, new issue\n\nA table of contents that this program does not read, with five words or more.\n"

HEADS = {
    "gmail": "---------- Forwarded message ---------\nFrom: {name} <{sender}>\nDate: Wed, Nov 18, 2026 at 2:29 AM\nSubject: {subject}\nTo: <ada@shore.example>\n",
    "gmail-de": "---------- Forwarded message ---------\nVon: {name} <{sender}>\nDate: Mi., 18. Nov. 2026 um 02:29 Uhr\nSubject: {subject}\nTo: <ada@shore.example>\n",
    "outlook": "________________________________\nFrom: {name} <{sender}>\nSent: Wednesday, November 18, 2026 2:29 AM\nTo: ada@shore.example <ada@shore.example>\nSubject: {subject}\n",
    "outlook-2013": "-----Original Message-----\nFrom: {name} [mailto:{sender}]\nSent: Wednesday, November 18, 2026 2:29 AM\nTo: Ada Brook\nSubject: {subject}\n",
    "outlook-fr": "De : {name} <{sender}>\nEnvoyé : mercredi 18 novembre 2026 02:29\nÀ : ada@shore.example\nObjet : {subject}\n",
    "apple": "Begin forwarded message:\n\nFrom: {name} <{sender}>\nSubject: {subject}\nDate: 18 November 2026 at 02:29:12 CET\nTo: ada@shore.example\n",
    "thunderbird": "-------- Forwarded Message --------\nSubject: \t{subject}\nDate: \tWed, 18 Nov 2026 02:29:12 +0100\nFrom: \t{name} <{sender}>\nTo: \tada@shore.example\n",
    "yahoo-ja": "----- 転送メッセージ -----\n差出人: {name} <{sender}>\n件名: {subject}\n日時: 2026年11月18日 2:29\n宛先: ada@shore.example\n",
}  # fmt: skip


def head(program: str, subject: str) -> str:
    return HEADS[program].format(name="An Alert", sender="no-reply@alert.example", subject=subject)


def quoted(text: str, marks: str) -> str:
    return "".join(
        f"{marks}{line}" if line.strip() else f"{marks.rstrip()}\n" for line in text.splitlines(keepends=True)
    )


def message(*parts: tuple[str, str], kind: str = "mixed", subject: str = "Fwd: daily") -> str:
    top = f"From: Ada <ada@shore.example>\nTo: digest@shore.example\nSubject: {subject}\nDate: Wed, 18 Nov 2026 08:00:00 +0100\nMIME-Version: 1.0\n"
    if len(parts) == 1:
        return f"{top}Content-Type: {parts[0][0]}; charset=utf-8\n\n{parts[0][1]}"
    body = "".join(f"--q\nContent-Type: {kind_of}; charset=utf-8\n\n{text}\n" for kind_of, text in parts)
    return f"{top}Content-Type: multipart/{kind}; boundary=q\n\n{body}--q--\n"


def with_breaks(text: str) -> str:
    return html.escape(text).replace("\n", "<br>\n")


def with_paragraphs(text: str) -> str:
    return "".join(
        f'<p class="MsoPlainText">{html.escape(line) or "&nbsp;"}<o:p></o:p></p>\n'
        for line in text.splitlines()
    )


PLAIN: dict[str, Callable[[str], str]] = {
    "as it is": lambda text: text,
    "> marks": lambda text: quoted(text, "> "),
    "> > marks": lambda text: quoted(text, "> > "),
    ">> marks": lambda text: quoted(text, ">>"),
    "| marks": lambda text: quoted(text, "| "),
    "blank lines doubled": lambda text: text.replace("\n", "\n\n"),
    "blanks of continuation lines lost": lambda text: "".join(line.lstrip(" ") for line in text.splitlines(keepends=True)),
}  # fmt: skip
HTML: dict[str, Callable[[str], str]] = {
    "gmail": lambda text: f'<div dir="ltr"><br><div class="gmail_quote"><div dir="ltr" class="gmail_attr">{with_breaks(text)}</div></div></div>',
    "outlook": lambda text: f'<html><body><div class="x_BodyFragment"><font size="2"><div class="x_PlainText">{with_breaks(text)}</div></font></div></body></html>',
    "outlook-word": lambda text: f'<html xmlns:o="urn:x"><head></head><body lang="EN-US"><div class="WordSection1">{with_paragraphs(text)}</div></body></html>',
    "apple": lambda text: f'<html><body><div><blockquote type="cite"><div><div>{"</div><div>".join(html.escape(line) or "<br>" for line in text.split(chr(10)))}</div></div></blockquote></div></body></html>',
    "thunderbird": lambda text: f'<html><body><pre class="moz-quote-pre" wrap="">{html.escape(text)}</pre></body></html>',
    "nbsp": lambda text: f"<div>{with_breaks(text).replace('  ', '&nbsp; ')}</div>",
}  # fmt: skip


def essence(
    found: DigestFile,
) -> list[tuple[str, str, tuple[str, ...], str | None, str | None, str | None, bool]]:
    return [
        (one.title, one.abstract, one.authors, one.arxiv, one.doi, one.announced, one.withdrawn)
        for one in found.listings
    ]


@pytest.mark.parametrize(("program", "how"), list(product(HEADS, PLAIN)))
def test_an_arxiv_mail_forwarded_as_text(program: str, how: str) -> None:
    found = page(
        message(("text/plain", "For you.\n\n" + PLAIN[how](head(program, "cs daily") + "\n" + ARXIV)))
    )
    assert essence(found) == essence(page(ARXIV))
    assert (found.source, found.note) == ("arxiv-mail", "")


@pytest.mark.parametrize(("program", "how"), list(product(HEADS, HTML)))
def test_an_arxiv_mail_forwarded_as_html(program: str, how: str) -> None:
    text = HTML[how](head(program, "cs daily") + "\n" + ARXIV)
    assert essence(page(message(("text/html", text)))) == essence(page(ARXIV))
    both = message(("text/plain", "For you."), ("text/html", text), kind="alternative")
    assert essence(page(both)) == essence(page(ARXIV))
    plain = message(("text/plain", quoted(ARXIV, "> ")), ("text/html", text), kind="alternative")
    assert essence(page(plain)) == essence(page(ARXIV))


def renamed(prefix: str) -> str:
    return re.sub(r'class="(gse_\w+)"', rf'class="{prefix}\1"', BODY)


def without_classes(text: str) -> str:
    return re.sub(r' class="[^"]*"', "", text)


def as_text(text: str, form: str) -> str:
    """Return an alert in HTML as mail programs write it in their plain text part."""
    plain = re.sub(r"<br>|\n", " ", text)
    plain = re.sub(
        r'<a href="([^"]*)"[^>]*>(.*?)</a>',
        lambda found: form.format(found[2].strip(), html.unescape(found[1])),
        plain,
    )
    plain = re.sub(r"</?(?:h3|div|tr|table)[^>]*>", "\n", plain).replace("\n\n", "\n")
    return html.unescape(re.sub(r"<(?!https?:)[^>]*>", "", plain))


@pytest.mark.parametrize("program", HEADS)
@pytest.mark.parametrize(
    "prefix", ["", "x_", "x_x_", "m_-8392039410012832345", "yiv1234567890", "m_123gmail-m_456", "other x_"]
)
def test_a_scholar_alert_with_prefixed_classes(program: str, prefix: str) -> None:
    top = "<br>".join(map(html.escape, head(program, "snails - new results").splitlines()))
    text = f"<html><body><p>Hi</p>{top}<blockquote type=cite>{renamed(prefix)}</blockquote></body></html>"
    found = page(message(("text/plain", "Hi"), ("text/html", text), kind="alternative"))
    assert essence(found) == essence(page(SCHOLAR))
    assert (found.source, found.note) == ("scholar-alert", "")


@pytest.mark.parametrize("program", HEADS)
def test_a_scholar_alert_without_classes(program: str) -> None:
    top = "<br>".join(map(html.escape, head(program, "snails - new results").splitlines()))
    found = page(message(("text/html", f"<div>{top}<br><br>{without_classes(BODY)}</div>")))
    first, second = page(SCHOLAR).listings[:2]  # the third does not go through Scholar's redirect
    assert [one.title for one in found.listings] == [first.title, second.title]
    assert [(one.authors, one.abstract, one.arxiv, one.doi) for one in found.listings] == [
        (one.authors, one.abstract, one.arxiv, one.doi) for one in (first, second)
    ]


@pytest.mark.parametrize("program", HEADS)
@pytest.mark.parametrize("form", ["{0} <{1}>", "{0}<{1}>", "{0}\n<{1}>"])
@pytest.mark.parametrize("marks", ["", "> ", ">> "])
def test_a_scholar_alert_as_text(program: str, form: str, marks: str) -> None:
    text = as_text(BODY, form).replace("\n Tides", "\n\nTides")
    found = page(
        message(
            (
                "text/plain",
                quoted(head(program, "snails") + "\n\n" + text, marks)
                if marks
                else head(program, "snails") + "\n\n" + text,
            )
        )
    )
    assert found.source == "scholar-alert"
    assert [(one.arxiv, one.doi) for one in found.listings] == [
        ("2611.01001", None),
        (None, "10.1234/tide.2026.1"),
    ]
    assert [one.title for one in found.listings] == ["Counting Snails in Tide Pools", "Tides, revisited"]
    assert found.listings[0].authors == ("A Brook", "L Étang")
    assert found.listings[0].abstract == "We count snails on nine beaches and find …"


@pytest.mark.parametrize("program", HEADS)
def test_several_alerts_of_one_mail_are_read_and_what_is_unknown_is_named(program: str) -> None:
    other = ARXIV.replace("2611.01", "2611.02").replace("2501.", "2502.")
    inline = "\n".join(
        f"{head(program, subject)}\n{text}"
        for subject, text in (("one", ARXIV), ("toc of Shore", TOC), ("two", other))
    )
    attached = message(("text/html", SCHOLAR), subject="attached")
    unknown = message(("text/plain", TOC), subject="attached toc")
    found = page(
        message(
            ("text/plain", quoted(inline, "> ")), ("message/rfc822", attached), ("message/rfc822", unknown)
        )
    )
    assert found.source == "alert-mails"
    assert essence(found) == [*essence(page(ARXIV)), *essence(page(other)), *essence(page(SCHOLAR))]
    assert "skipped 2 messages that are not known alerts" in found.note
    assert "'toc of Shore'" in found.note


def test_a_digest_of_messages() -> None:
    parts = "".join(
        f"--d\n\n{message(('text/plain', text), subject=subject)}\n"
        for subject, text in (("a", ARXIV), ("b", TOC))
    )
    found = page(
        f"From: a@b.example\nSubject: digest\nMIME-Version: 1.0\nContent-Type: multipart/digest; boundary=d\n\n{parts}--d--\n"
    )
    assert essence(found) == essence(page(ARXIV))
    assert "skipped 1 message that is not a known alert: 'b'" in found.note


def test_messages_of_outlook_are_named() -> None:
    attached = 'application/vnd.ms-outlook; name="new papers.msg"'
    found = page(message(("text/plain", ARXIV), (attached, "x")))
    assert "'new papers.msg'" in found.note


def test_a_part_of_several_alerts_that_is_cut_short_is_not_read_as_whole() -> None:
    cut = ARXIV[: ARXIV.index("%%%---")]
    assert "cut short" in rejected(message(("text/plain", f"{ARXIV}\n{head('gmail', 'x')}\n{cut}"))).reason


# --- wrapped addresses -----------------------------------------------------------------------------


def encoded(address: str) -> str:
    return quote(address, safe="")


def proofpoint_2(address: str) -> str:
    text = re.sub(
        r"[^A-Za-z0-9./]", lambda found: "".join(f"-{byte:02X}" for byte in found[0].encode()), address
    )
    return (
        f"https://urldefense.proofpoint.com/v2/url?u={text.replace('/', '_')}&d=DwMFaQ&c=sJ6x&r=a&m=b&s=c&e="
    )


def proofpoint_3(address: str) -> str:
    """Wrap as version 3 does: some characters become stars, a run of them `**` and its length."""
    replaced = "".join(re.findall(r"[+&;$|*]+|[^\x00-\x7f]+", address))
    starred = re.sub(
        r"[+&;$|*]+|[^\x00-\x7f]+",
        lambda found: "*" if len(found[0]) == 1 else "**" + "ABCDEFGH"[len(found[0]) - 2],
        address,
    )
    tail = base64.urlsafe_b64encode(replaced.encode()).decode().rstrip("=")
    return f"https://urldefense.com/v3/__{starred}__;{tail}!!KGKeukY!3SX_ab-c$"


WRAPPERS: dict[str, Callable[[str], str]] = {
    "safe links": lambda to: f"https://nam02.safelinks.protection.outlook.com/?url={encoded(to)}&data=05%7C01%7Ca%40b.example%7C0&sdata=x%2F%3D&reserved=0",
    "safe links, escaped": lambda to: f"https://eur03.safelinks.protection.outlook.com/ap/t-59/?url={encoded(to)}&amp;data=05&amp;reserved=0",
    "safe links, GCC": lambda to: f"https://gcc02.safelinks.protection.office365.us/?url={encoded(to)}&data=05",
    "proofpoint 1": lambda to: f"https://urldefense.proofpoint.com/v1/url?u={encoded(to)}&k=oIvRg1%2BdGAgOoM1BIlLLqw%3D%3D",
    "proofpoint 2": proofpoint_2,
    "proofpoint 3": proofpoint_3,
    "scholar": lambda to: f"https://scholar.google.com/scholar_url?url={quote(to, safe=':/')}&hl=en&sa=X&d=1&oi=scholaralrt",
    "scholar of a country": lambda to: f"http://scholar.google.com.hk/scholar_url?url={encoded(to)}&hl=zh-CN",
    "google": lambda to: f"https://www.google.com/url?q={encoded(to)}&source=gmail&ust=1764&usg=AOv",
    "google search": lambda to: f"https://www.google.de/url?sa=t&rct=j&url={encoded(to)}&usg=AOv",
    "cisco": lambda to: f"https://secure-web.cisco.com/1z0v_U78rf-A/{encoded(to)}",
    "barracuda": lambda to: f"https://linkprotect.cudasvc.com/url?a={encoded(to)}&c=E,1,wPwTWuzM-x,,&typo=1",
    "sophos": lambda to: f"https://us-west-2.protection.sophos.com/?d=arxiv.org&u={base64.b64encode(to.encode()).decode()}&p=m&i=NjQ0&t=eWI5&h=9ba&s=AVNP",
    "fireeye": lambda to: f"https://protect2.fireeye.com/v1/url?k=31323334-50&q=1&e=x&u={encoded(to)}",
    "symantec": lambda to: f"https://clicktime.symantec.com/15siFDBWExQPbpF4kG6mA?h=abc&u={encoded(to)}",
    "trend micro": lambda to: f"https://ddec1-0-en-ctp.trendmicro.com:443/wis/clicktime/v1/query?url={encoded(to)}&umid=1&auth=2",
    "fortimail": lambda to: f"https://mail.uni.example/fmlurlsvc/?fewReq=:B:JV&url={encoded(to)}",
    "avanan": lambda to: f"https://url.avanan.click/v2/___{to}___.YXAzOnNhcmFn",
    "linkedin": lambda to: f"https://www.linkedin.com/safety/go?url={encoded(to)}&trk=x",
    "facebook": lambda to: f"https://l.facebook.com/l.php?u={encoded(to)}&h=AT1",
    "duckduckgo": lambda to: f"https://duckduckgo.com/l/?uddg={encoded(to)}&rut=1",
    "ezproxy": lambda to: f"https://login.ezproxy.uni.example/login?url={to}",
}  # fmt: skip
TARGETS = (
    "https://arxiv.org/abs/2405.00001v2",
    "https://doi.org/10.1002/(SICI)1097-0258(19980815)17:15%3C1661::AID-SIM968%3E3.0.CO;2-2",
    "https://shore.example/a_b-c*d?id=1&view=x+y#part",
    "http://foam.example/ölé/ab;c$d|e",
)


@pytest.mark.parametrize(("outer", "inner"), list(product(WRAPPERS, WRAPPERS)))
def test_addresses_are_unwrapped_in_any_nesting(outer: str, inner: str) -> None:
    for target in TARGETS[:2]:
        assert unwrapped(WRAPPERS[inner](target)) == target
        assert unwrapped(WRAPPERS[outer](WRAPPERS[inner](target))) == target


@pytest.mark.parametrize("name", set(WRAPPERS) - {"proofpoint 3"})
def test_targets_keep_their_query(name: str) -> None:
    for target in TARGETS[2:]:
        assert unwrapped(WRAPPERS[name](target)) == target


def test_proofpoint_3_with_replaced_characters() -> None:
    for target in ("https://a.example/?q=a+b&c", "https://a.example/üöä/x;;y", "https://a.example/x+y++z"):
        assert unwrapped(proofpoint_3(target)) == target


@pytest.mark.parametrize(
    "address",
    [
        "https://protect-us.mimecast.com/s/abcCDEF?domain=arxiv.org",
        "https://shore.example/read?url=https://arxiv.org/abs/2405.00001",
        "https://www.google.com/search?q=https://arxiv.org",
        "https://scholar.google.com/scholar_url?url=javascript:alert(1)",
        "https://urldefense.com/v3/__",
        "https://nam02.safelinks.protection.outlook.com/?url=",
        "https://[::1", "10.1000/x", "", "no address",
    ],
)  # fmt: skip
def test_other_addresses_stay(address: str) -> None:
    assert unwrapped(address) == address


@given(
    st.text(max_size=200)
    | st.from_regex(r"https://(urldefense\.com/v3/__|secure-web\.cisco\.com/)[\S]{0,60}", fullmatch=True)
)
@example("https://urldefense.com/v3/__https://a.example/**?__;!!x")
def test_unwrapping_never_fails_and_ends(text: str) -> None:
    assert unwrapped(unwrapped(text)) == unwrapped(text)
    unwrapped_text(text)


@pytest.mark.parametrize("name", WRAPPERS)
def test_every_reader_unwraps(name: str) -> None:
    doi, arxiv = (
        WRAPPERS[name]("https://doi.org/10.1234/tide.5"),
        WRAPPERS[name]("https://arxiv.org/abs/2611.01002"),
    )
    escaped = html.escape(doi)
    for text in (
        f"@article{{a, title={{Snails of the shore}}, url={{{doi}}}}}\n",
        f"TY  - JOUR\nTI  - Snails of the shore\nUR  - {doi}\nER  - \n",
        f'title,url\nSnails of the shore,"{doi}"\n',
        f'[{{"author": [], "type": "article-journal", "title": "Snails of the shore", "URL": "{doi}"}}]',
        f'<rss version="2.0"><channel><title>t</title><item><title>Snails of the shore</title><link>{escaped}</link></item></channel></rss>',
    ):
        found = page(text).listings[0]
        assert (found.doi, found.url) == ("10.1234/tide.5", "https://doi.org/10.1234/tide.5"), text
    mail = ARXIV.replace("https://arxiv.org/abs/2611.01002", arxiv)
    assert page(mail).listings[1].url == "https://arxiv.org/abs/2611.01002"
    wrapped = re.sub(
        r'href="(https://scholar[^"]*)"',
        lambda match: f'href="{html.escape(WRAPPERS[name](html.unescape(match[1])))}"',
        SCHOLAR,
    )
    assert essence(page(wrapped)) == essence(page(SCHOLAR))
    bare = page(message(("text/html", without_classes(wrapped))))
    assert {one.arxiv or one.doi for one in bare.listings} >= {"2611.01001", "10.1234/tide.2026.1"}
