"""The structure of parsed queries; their meaning is tested by the examples in docs/query.md."""

import time
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from digest.errors import QueryError
from digest.match.query.lexer import Lexer
from digest.match.query.parser import (
    MAX_DEPTH,
    MAX_LENGTH,
    MAX_NEAR_WORDS,
    MAX_TOKENS,
    And,
    Atom,
    Node,
    Not,
    Or,
    parse,
    parse_exclude,
    positive_atoms,
    query_of,
)
from tests.strategies import queries


def shape(node: Node) -> object:
    """Return the tree as nested tuples of typed items."""
    if isinstance(node, Atom):
        return node.term
    if isinstance(node, Not):
        return ("not", shape(node.child))
    return ("and" if isinstance(node, And) else "or", *map(shape, node.children))


def atom(text: str) -> Atom:
    node = parse(text)
    assert isinstance(node, Atom)
    return node


def error_in(text: str) -> QueryError:
    with pytest.raises(QueryError) as caught:
        parse(text)
    return caught.value


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("a", "a"),
        ("((a))", "a"),
        ("a b c", ("and", "a", "b", "c")),
        ("a b OR c d", ("or", ("and", "a", "b"), ("and", "c", "d"))),
        ("a AND b OR c", ("or", ("and", "a", "b"), "c")),
        ("a OR b AND c", ("or", "a", ("and", "b", "c"))),
        ("a&&b||c", ("or", ("and", "a", "b"), "c")),
        ("a(b)c", ("and", "a", "b", "c")),
        ('a"b c"d', ("and", "a", '"b c"', "d")),
        ("a -b !c NOT d", ("and", "a", ("not", "b"), ("not", "c"), ("not", "d"))),
        ("a AND NOT b", ("and", "a", ("not", "b"))),
        ("a NOT (b OR c)", ("and", "a", ("not", ("or", "b", "c")))),
        ("-(a -b) c", ("and", ("not", ("and", "a", ("not", "b"))), "c")),
        ("+a +(b)", ("and", "a", "b")),
        ("and or not", ("and", "and", "or", "not")),
        ('"AND" ANDROID', ("and", '"AND"', "ANDROID")),
        ("AND* OR b", ("or", "AND*", "b")),
        ("a\u00a0b\u3000c\n\td", ("and", "a", "b", "c", "d")),
    ],
)
def test_structure(query: str, expected: object) -> None:
    assert shape(parse(query)) == expected


@pytest.mark.parametrize(
    ("query", "term"),
    [
        ("title:Models^2", "title:Models"),
        ('-au:="Ada L"^3 x', 'au:="Ada L"'),
        ('abs:"a b"~3^2', 'abs:"a b"~3'),
        ("ti:distill*^.5", "ti:distill*"),
        ("Au:lovelace", "Au:lovelace"),
        ("“curly”", "“curly”"),
        (r"a\:b", r"a\:b"),
    ],
)
def test_a_term_is_as_typed_with_field_and_without_boost(query: str, term: str) -> None:
    assert term in str(shape(parse(query))).replace("\\\\", "\\")


def test_parts_of_an_item() -> None:
    found = atom('cat:="one two*"~3^2.5')
    assert (found.fields, found.exact, found.prefix, found.near, found.boost) == (
        ("category",),
        True,
        True,
        3,
        2.5,
    )
    assert [word.text for word in found.words] == ["one", "two"]


@pytest.mark.parametrize(
    ("query", "boosts"),
    [
        ("a^2", [2]),
        ("(a b^3)^2", [2, 6]),
        ("((a^2)^3)^4", [24]),
        ("a (b)^2 c", [1, 2, 1]),
        ("title:(a)^2", [2]),
    ],
)
def test_boosts_multiply(query: str, boosts: list[float]) -> None:
    assert [found.boost for found in positive_atoms(query_of([query]))] == boosts


def test_an_inner_field_wins() -> None:
    found = positive_atoms(query_of(["title:(a (abs:b OR au:(c all:d)) (e)) f"]))
    assert [(one.term, one.fields[0], len(one.fields)) for one in found] == [
        *[("a", "title", 1), ("abs:b", "abstract", 1), ("c", "author", 1), ("all:d", "title", 2)],
        *[("e", "title", 1), ("f", "title", 2)],
    ]


def test_distinct_atoms_with_their_highest_boost() -> None:
    found = positive_atoms(query_of(["Model", '"model"^3 -video', "title:model models =model"]))
    assert [(one.term, one.fields, one.boost) for one in found] == [
        ("Model", ("title", "abstract"), 3),
        ("title:model", ("title",), 1),
        ("models", ("title", "abstract"), 1),
        ("=model", ("title", "abstract"), 1),
    ]


def test_each_keyword_is_parsed_by_itself() -> None:
    with pytest.raises(QueryError, match="not closed"):
        query_of(["(a", "b)"])
    assert query_of([]).keywords == ()
    with pytest.raises(QueryError, match="exclude"):
        query_of(["a"], ["-b"])


@pytest.mark.parametrize("query", ["b", "b OR c", "title:(b c)", '"b c"~2', "+b", "b*a".replace("*", "-")])
def test_exclude(query: str) -> None:
    assert parse_exclude(query) == parse(query)


@pytest.mark.parametrize(
    ("query", "position"),
    [
        *[("", 0), ("   ", 0), ("a -(b", 3), ("a (b", 2), ("a b)", 3), ('a "b', 2), ("a ()", 2)],
        *[("a title: b", 8), ("a foo:b", 2), ("a title:ab:c", 8), ("a ^2", 2), ("a^0 b", 1), ("a^2x", 1)],
        *[("ab*c", 2), ('"ab* c"', 3), ("a =(b)", 2), ("x OR -a -b", 5), ("a (-b)", 3), ("a – b", 2)],
        *[("a −b", 2), ("title:–b", 6), ("a AND", 2), ("a && || b", 5), ("-", 0), ("a +", 2), ("=", 0)],
        *[
            ("title:(a", 6),
            ("\\", 0),
            ("a [b TO c]", 2),
            ('"a b"~3c', 5),
            ("-NOT", 0),
            ("x title:OR", 2),
            ("模型*", 2),
            ("a OR NOT b", 5),
            ("NOT (a)", 0),
            ("(a^1e9)", 2),
            ('"a"~1234567', 3),
        ],
    ],
)
def test_an_error_points_to_its_place(query: str, position: int) -> None:
    error = error_in(query)
    assert error.position == position
    assert error.query == query
    assert error.remedy


def test_boosts_cannot_grow_without_bound() -> None:
    query = "(" * 9 + "a" + ")^999999999" * 9
    assert "out of range" in error_in(query).message
    assert "out of range" in error_in(query.replace("^999999999", "^0.000000001")).message


def test_deep_groups() -> None:
    assert shape(parse("(" * MAX_DEPTH + "a" + ")" * MAX_DEPTH)) == "a"
    parse("a OR (b -(" * (MAX_DEPTH // 2) + "c" + "))" * (MAX_DEPTH // 2))
    too_deep = "(" * (MAX_DEPTH + 1) + "a" + ")" * (MAX_DEPTH + 1)
    assert error_in(too_deep).position == MAX_DEPTH
    assert "more than 200" in error_in("(" * 20_000 + "a" + ")" * 20_000).message


def test_long_queries() -> None:
    start = time.process_time()
    node = parse(" OR ".join(f"term{number}" for number in range(10_000)))
    assert isinstance(node, Or)
    assert len(node.children) == 10_000
    assert "items" in error_in("a " * (MAX_TOKENS + 1)).message
    error_in("a^" * (MAX_LENGTH // 2))
    error_in("(" * MAX_LENGTH)
    error_in('"' + "a " * (MAX_LENGTH // 2 - 1))
    error_in("[" + " " * (MAX_LENGTH - 2))
    assert time.process_time() - start < 20


def test_near_phrases_are_bounded() -> None:
    near = " ".join(["a"] * MAX_NEAR_WORDS)
    parse(f'"{near}"~3')
    assert error_in(f'x "{near} a"~3').position == 2


def test_a_text_that_is_far_too_long_is_not_read() -> None:
    error = error_in("a" * (MAX_LENGTH + 1))
    assert "million" in error.message
    assert len(error.query) < 100


_SYNTAX = (
    "a",
    "ab",
    "title",
    ":",
    "(",
    ")",
    '"',
    "”",
    "-",
    "!",
    "+",
    "NOT",
    "AND",
    "OR",
    "&&",
    "||",
    "^",
    "2",
    "*",
)
_SYNTAX += (
    "~",
    "=",
    "\\",
    "[",
    " TO ",
    "]",
    " ",
    " ",
    "–",
    "模",
    "{",
    "}",
    "\ud800",
    "\x00",
    "author:",
    "0",
    ".",
)


@given(st.text(max_size=40) | st.lists(st.sampled_from(_SYNTAX), max_size=14).map("".join))
def test_any_text_is_read_or_error_in(text: str) -> None:
    for read in (parse, parse_exclude):
        error = error_of(read, text)
        if error is not None:
            assert error.query == text
            assert 0 <= error.position <= len(text)
            assert error.remedy
            assert error.message


def error_of(read: Callable[[str], Node], text: str) -> QueryError | None:
    try:
        read(text)
    except QueryError as error:
        return error
    return None


@given(queries())
def test_the_strategy_makes_queries(text: str) -> None:
    parse(text)


@given(queries())
def test_parentheses_around_all_change_nothing(text: str) -> None:
    assert parse(f"({text})") == parse(text)


@given(queries(negatives=False), queries(negatives=False))
def test_or_takes_its_sides_whole(one: str, other: str) -> None:
    node = parse(f"({one}) OR ({other})")
    assert node == Or((parse(one), parse(other)))


# --- the fast path of the lexer --------------------------------------------------------------------

_PIECES = (
    "word",
    "AND",
    "OR",
    "NOT",
    "ANDy",
    "a",
    "pre-train",
    '"two words"',
    '"near words"~3',
    '"a*"',
    "=",
    "-",
    "+",
)
_PIECES += (
    "!",
    "(",
    ")",
    "title:",
    "ABS:",
    "nofield:",
    "^2",
    "^0.5",
    "^0",
    "^",
    "*",
    "~",
    " ",
    "\t",
    "\u00a0",
    '"',
    ".",
    "é",
)


def _read_slowly(text):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Lexer, "easy_token", lambda _: None)
        return _outcome(text)


def _outcome(text):
    try:
        return parse(text)
    except QueryError as error:
        return str(error)


@given(st.lists(st.sampled_from(_PIECES), max_size=12).map("".join) | queries())
@settings(max_examples=1500)
def test_the_fast_path_gives_the_same_tokens(text):
    assert _outcome(text) == _read_slowly(text)
