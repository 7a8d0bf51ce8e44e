"""What keywords bring, as a table and as JSON: for preview and for subscriptions check --explain."""

from typing import TYPE_CHECKING, Any

from digest.cli.console import Screen
from digest.text.format import count

if TYPE_CHECKING:
    from digest.services.tuning import KeywordCount, Tuning


def show_keywords(screen: Screen, tuning: "Tuning") -> None:
    """Show a line per keyword, and what to look at."""
    screen.table(
        ("keyword", "papers a week", "only this", "share", "remark"),
        (
            (each.keyword, f"{each.per_week:.1f}", each.alone, f"{each.share:.0%}", remark(each))
            for each in tuning.keywords
        ),
        wraps="remark",
    )
    for line in together(tuning):
        screen.line(line)


def remark(each: "KeywordCount") -> str:
    """Return what is special about a keyword, "" if nothing is."""
    said = []
    if not each.ever:
        said.append("never matched")
    elif not each.papers:
        said.append(f"{count(each.ever, 'paper')} in all, older or excluded")
    said += [f"the library has {meant!r}, not {typed!r}" for typed, meant in each.spellings]
    return "; ".join(said)


def together(tuning: "Tuning") -> list[str]:
    """Return a sentence for each pair of keywords that match the same papers."""
    return [
        f"{tuning.keywords[one].keyword} and {tuning.keywords[two].keyword} match the same papers; one of them is enough."
        for one, two in tuning.together
    ]


def keyword_json(each: "KeywordCount") -> dict[str, Any]:
    """Return what a keyword brings as JSON."""
    return {
        "keyword": each.keyword,
        "papers": each.papers,
        "alone": each.alone,
        "per_week": each.per_week,
        "share": each.share,
        "ever": each.ever,
        "spellings": [{"word": typed, "nearest": meant} for typed, meant in each.spellings],
    }


def together_json(tuning: "Tuning") -> list[list[str]]:
    """Return the pairs of keywords that match the same papers."""
    return [[tuning.keywords[one].keyword, tuning.keywords[two].keyword] for one, two in tuning.together]
