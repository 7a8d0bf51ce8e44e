r"""Readable mathematics: remnants of TeX before and after, damaged words, and speed compared with pylatexenc.

    python benchmarks/maths.py [DATA_FOLDER] [--changes] [--json]

Every title and abstract below DATA_FOLDER is made readable. A word is damaged if it is in the text before but not
after, and is not TeX. It must be in lower case, have at least four letters, and occur in at least five texts without
TeX. `--changes` prints all changes for review. pylatexenc converts the same texts if it is installed
(`pip install pylatexenc`); it is not a dependency.
"""

import argparse
import ast
import gzip
import html
import json
import re
import time
import unicodedata
from collections import Counter
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from zoneinfo import ZoneInfo

from digest.read import read
from digest.text.math import edits_of, readable

DATA = Path(__file__).parents[2] / "shared" / "data"

COMMANDS = (
    r"emph|textbf|textit|texttt|textsc|text|textrm|underline|mathbf|mathrm|mathcal|mathbb|mathtt|boldsymbol"
)
SYMBOLS = (
    r"times|sim|pm|alpha|beta|gamma|delta|epsilon|varepsilon|theta|lambda|mu|sigma|tau|pi|rho|phi|omega|eta|kappa|ell|"
    r"Delta|Omega|Theta|Sigma|leq?|geq?|approx|rightarrow|to|infty|circ|deg|cdot|nabla|sum|frac|sqrt|in|langle|rangle"
)
BARE = r"varepsilon|leq|geq|neq|infty|rightarrow|nabla|cdot|lceil|rceil|langle|rangle|lfloor|rfloor|propto"
KINDS = {
    "6.3times, times64": r"\dtimes(?![a-z])|(?<![\w-])times\d",
    "sim0.6, 20sim 100, {sim}": r"(?<![\w\\-])sim\d|\dsim ?\d|\{sim\}",
    "N{+}D, 64{times}64": r"(?<=[\w)])\{(?:[-+=<>:,/]|times|to|sim)\}(?=\S)",
    "Dto∞, ntoinfty": r"(?<![A-Za-z])[A-Za-z]to(?:∞|infty)",
    "epsilon=8255": r"(?:epsilon|eps|ε) ?=? ?(?:1|2|4|8|16)255(?!\d)",
    "R^{…}, p_{…}": r"(?<=[\w)\]}])[\^_]\{",
    "360^circ, x^2, M^*": r"(?<=[\w)])\^(?:circ|\d|\*)",
    "varepsilon, leq, rangle …": rf"(?<![A-Za-z\\])(?:{BARE})(?![a-z])",
    "mathcal{O}, sqrt{d}": rf"(?<![A-Za-z\\])(?:{COMMANDS}|sqrt|frac)\{{",
    "{bf 1}, {\\it …}": r"\{\\?(?:bf|it|em|rm|tt|sc)\b\s",
    r"\%, \&, \$": r"\\[%&$#_]",
    r"Schr\"odinger": r"\\[\"'`^~][A-Za-z{\\]|\\[cvuH]\{[a-zA-Z]\}",
    r"\emph{…}, \textbf{…}": rf"\\(?:{COMMANDS})\{{",
    r"\alpha, \times …": rf"\\(?:{SYMBOLS})(?![A-Za-z])",
    r"\url, \href, \cite": r"\\(?:url|href|cite[pt]?|ref|footnote|textcolor)\b",
    "``quotes''": r"``[^`'\"]{1,80}''",
    "tie~(LLMs)": r"[A-Za-z.]~[(\[A-Za-z\\]",
    "$…$": r"\$[^$\d\s][^$]{0,80}[^$\s]\$(?!\d)|\$[A-Za-z]\$|\$[^$]{1,80}[\\^_][^$]{0,80}\$",
}


def texts_of(folder: Path) -> Iterator[tuple[str, str]]:
    """Yield pairs of the name of a folder and a title or abstract in it, with white space collapsed."""
    for path in sorted(folder.rglob("*")):
        source = path.relative_to(folder).parts[0]
        for text in _texts(path, source) if path.is_file() else ():
            yield source, " ".join(text.split())


def _texts(path: Path, source: str) -> Iterator[str]:
    if source == "daily-papers-pages":
        found = read(str(path), today=date(2026, 1, 1), zone=ZoneInfo("UTC"), captured=None, max_bytes=10**8)
        for listing in getattr(found, "listings", ()):
            yield from (listing.title, listing.abstract)
    elif source == "daily-papers-api":
        yield from _strings(json.loads(path.read_text("utf-8")))
    elif path.name.endswith(".jsonl.gz"):
        with gzip.open(path, "rt", encoding="utf-8") as lines:
            for line in lines:
                yield from _strings(json.loads(line))
    elif source == "arxiv-abs":
        parts = path.read_text("utf-8", errors="replace").split("\\\\\n")
        yield from (found[1] for found in re.finditer(r"Title: (.*(?:\n  .*)*)", parts[1]))
        yield from parts[2:3]
    elif source == "arxiv-api":
        body = json.loads(path.read_text("utf-8"))["body"]
        yield from (
            html.unescape(found[2]) for found in re.finditer(r"<(title|summary)>(.*?)</", body, re.DOTALL)
        )
    elif source == "entity-match":
        yield from re.findall(r"COL title VAL (.*?) COL", path.read_text("utf-8", errors="replace"))


def _strings(value: object) -> Iterator[str]:
    """Yield the strings with the key `title`, `summary` or `abstract` anywhere in a JSON value."""
    if isinstance(value, str) and value.startswith("{"):
        try:
            yield from _strings(ast.literal_eval(value))
        except (SyntaxError, ValueError):
            return
    elif isinstance(value, list):
        for each in value:
            yield from _strings(each)
    elif isinstance(value, dict):
        for key, each in value.items():
            if key in {"title", "summary", "abstract"} and isinstance(each, str):
                yield each
            else:
                yield from _strings(each)


def words_of(text: str) -> Counter[str]:
    return Counter(re.findall(r"(?<![\\A-Za-z])[a-z]{4,}(?![A-Za-z])", text))


# TeX in a text: commands, with arguments that are not shown, and repeated addresses.
AS_TEX = re.compile(
    r"\\(?:cite\w*|ref|label|color|begin|end|unicode)\s*(?:\[[^]]*\])?(?:\{[^{}]*\})?|\\(?:textcolor|hyperlink)\{[^{}]*\}"
    r"|\\href\{[^{}]*\}|\\[A-Za-z]+\*?|\\.|\{https?://[^{}]*\}|[{}$~]"
)
TEX_NAMES = {
    "times",
    "alpha",
    "beta",
    "gamma",
    "delta",
    "theta",
    "lambda",
    "sigma",
    "omega",
    "epsilon",
    "infty",
}


def damaged(texts: list[str]) -> list[tuple[str, str]]:
    """Return pairs of a damaged word and its text."""
    plain = Counter(word for text in texts if not re.search(r"[\\$^{}~`_]", text) for word in words_of(text))
    found = []
    for text in texts:
        shown = readable(text).text
        if shown != text:
            lost = words_of(AS_TEX.sub("", text)) - words_of(unaccented(shown))
            found += [(word, text) for word in lost if plain[word] >= 5 and word not in TEX_NAMES]
    return found


def unaccented(text: str) -> str:
    return "".join(char for char in unicodedata.normalize("NFD", text) if not unicodedata.combining(char))


def seconds(function, texts: list[str]) -> float:
    start = time.perf_counter()
    for text in texts:
        function(text)
    return time.perf_counter() - start


def speeds(texts: list[str]) -> dict[str, float]:
    """Return the milliseconds per text for digest, and for pylatexenc if it is installed."""
    fresh = readable.__wrapped__  # without the cache
    result = {"paper-digest": 1000 * min(seconds(fresh, texts) for _ in range(3)) / len(texts)}
    try:
        import logging

        from pylatexenc.latex2text import LatexNodes2Text
    except ImportError:
        return result
    logging.disable()
    result["pylatexenc"] = 1000 * seconds(LatexNodes2Text().latex_to_text, texts[:200]) / len(texts[:200])
    return result


def changes(text: str) -> Iterator[str]:
    read = readable(text)
    for edit in edits_of(text):
        first, last = read.span(edit.start, edit.end)
        yield f"{text[max(0, edit.start - 25) : edit.end + 25]!r} -> {read.text[max(0, first - 25) : last + 25]!r}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path, default=DATA)
    parser.add_argument("--changes", action="store_true")
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    sources: dict[str, dict[str, None]] = {}
    for source, text in texts_of(arguments.folder):
        sources.setdefault(source, {})[text] = None
    texts = [text for group in sources.values() for text in group]
    if arguments.changes:
        for text in texts:
            for change in changes(text):
                print(change)
        return
    table = {}
    remaining: dict[str, list[str]] = {}
    for kind, pattern in KINDS.items():
        compiled = re.compile(pattern)
        before = sum(len(compiled.findall(text)) for text in texts)
        rest = [found for text in texts for found in compiled.finditer(readable(text).text)]
        remaining[kind] = [each.string[max(0, each.start() - 20) : each.end() + 20] for each in rest]
        table[kind] = {"before": before, "after": len(rest)}
    lost = damaged(texts)
    abstracts = [
        text
        for name in ("daily-papers-pages", "daily-papers-api")
        for text in sources.get(name, {})
        if len(text) > 300
    ]
    speed = speeds(abstracts)
    total = {key: sum(row[key] for row in table.values()) for key in ("before", "after")}
    unchanged = {
        name: {"texts": len(group), "changed": sum(readable(text).text != text for text in group)}
        for name, group in sources.items()
    }
    if arguments.json:
        print(
            json.dumps(
                {
                    "kinds": table,
                    "total": total,
                    "harmed": len(lost),
                    "sources": unchanged,
                    "ms_per_abstract": speed,
                }
            )
        )
        return
    print(f"{len(texts):,} titles and abstracts\n\n{'remnant':28} {'before':>7} {'after':>6} {'removed':>8}")
    for kind, row in [*table.items(), ("all", total)]:
        removed = 100 * (1 - row["after"] / row["before"]) if row["before"] else 100
        print(f"{kind:28} {row['before']:7,} {row['after']:6,} {removed:7.1f}%")
    print("\nremaining:")
    for kind, places in remaining.items():
        for place in places:
            print(f"  {kind:28} …{place}…")
    print(f"\ndamaged words: {len(lost)}")
    for word, text in lost[:50]:
        at = text.find(word)
        print(f"  {word}: …{text[max(0, at - 40) : at + 50]}…")
    print(f"\n{'source':20} {'texts':>7} {'changed':>8}")
    for name, row in unchanged.items():
        print(f"{name:20} {row['texts']:7,} {row['changed']:8,}")
    print(f"\nspeed, {len(abstracts):,} abstracts of Daily Papers:")
    for name, milliseconds in speed.items():
        print(f"{name:20} {milliseconds:8.3f} ms per abstract")
    if "pylatexenc" in speed:
        print(f"{'':20} {speed['pylatexenc'] / speed['paper-digest']:8.0f} × faster")


if __name__ == "__main__":
    main()
