"""What keywords bring, as a table and as JSON."""

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
            (each.keyword, f"{each.per_week:.1f}", each.alone, f"{each.share:.0%}", _remark(each))
            for each in tuning.keywords
        ),
        wraps="remark",
    )
    for one, other in tuning.together:
        screen.line(
            f"{tuning.keywords[one].keyword} and {tuning.keywords[other].keyword} match the same papers; "
            "one of them is enough."
        )


def _remark(each: "KeywordCount") -> str:
    """Return what is special about a keyword, "" if nothing is."""
    said = []
    if not each.ever:
        said.append("never matched")
    elif not each.papers:
        said.append(f"{count(each.ever, 'paper')} in all, older or excluded")
    said += [f"the library has {meant!r}, not {typed!r}" for typed, meant in each.spellings]
    return "; ".join(said)


def tuning_json(tuning: "Tuning") -> dict[str, Any]:
    """Return what keywords bring as JSON."""
    return {
        "per_week": tuning.per_week,
        "keywords": [
            {
                "keyword": each.keyword,
                "papers": each.papers,
                "alone": each.alone,
                "per_week": each.per_week,
                "share": each.share,
                "ever": each.ever,
                "spellings": [{"word": typed, "nearest": meant} for typed, meant in each.spellings],
            }
            for each in tuning.keywords
        ],
        "together": [
            [tuning.keywords[one].keyword, tuning.keywords[two].keyword] for one, two in tuning.together
        ],
    }
