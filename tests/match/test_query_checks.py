"""The quick check of a query accepts only what the parser accepts, and reports what the parser reports."""

from hypothesis import example, given
from hypothesis import strategies as st

from digest.errors import QueryError
from digest.match.query.parser import check_exclude, check_keyword, parse, parse_exclude

_PARTS = (
    *("a", "AND", "OR", "NOT", "and", "ANDREW", "AND-b", "NOTx", "NOT*", "-", "--a", "-a", "+a", "=a", "^2"),
    *("x-y", "ab*", "a*", "x-yz*", "4timesa*", "times4*", "1sim*", "4times", "*", "(", ")", "&&", "title:"),
    *(
        "ti:x",
        "TI:x",
        "at:",
        "title:AND",
        'title:"q r"',
        '"a b"',
        '"a*"',
        '"',
        '"-"',
        '"9.5"',
        '"\'s"',
        '"a"b',
    ),
)
_QUERIES = st.lists(st.tuples(st.sampled_from(_PARTS), st.sampled_from(("", " ", "  "))), max_size=7).map(
    lambda parts: "".join(part + blank for part, blank in parts)
)


def _error(check: object, text: str) -> str | None:
    assert callable(check)
    try:
        check(text)
    except QueryError as error:
        return f"{error.position} {error.message}"
    return None


@given(_QUERIES)
@example("4timesa*")
@example("title:AND")
@example("a OR NOT b")
@example("a AND NOT b OR c -d")
def test_a_checked_keyword_is_one_that_the_parser_accepts(text: str) -> None:
    assert _error(check_keyword, text) == _error(parse, text)


@given(_QUERIES)
@example("a -b")
@example("a NOT b")
def test_a_checked_exclude_is_one_that_the_parser_accepts(text: str) -> None:
    assert _error(check_exclude, text) == _error(parse_exclude, text)
