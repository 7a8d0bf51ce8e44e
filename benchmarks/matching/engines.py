"""Other engines, each used through its best interface for batches.

An engine is constructed from queries, which is timed as `load`; `match` takes the texts of papers and finds all
pairs, without scores. Without its package, an engine raises ImportError or FileNotFoundError.
"""

import os
import pwd
import shutil
import sqlite3
import subprocess
import tempfile
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, pairwise
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from matching.workload import PREFIX, Item, Language, Text, Workload

Pairs = tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]  # query and paper of each match


class Engine(Protocol):
    """Queries that are ready for matching."""

    def match(self, papers: Sequence[Text]) -> Any: ...

    def pairs(self, found: Any) -> Iterable[Pairs]:
        """Yield the pairs that `match` found, in parts; this is not timed."""

    def close(self) -> None: ...


class _Simple:
    """An engine whose matches are a list of pairs of query and paper."""

    def pairs(self, found: Sequence[Sequence[int]]) -> Iterator[Pairs]:
        rows = np.array(found, np.int64).reshape(-1, 2)
        yield rows[:, 0], rows[:, 1]

    def close(self) -> None:
        pass


# --- engines with an index of the papers ---------------------------------------------------------


class Fts5(_Simple):
    """SQLite FTS5: one statement joins the queries with an index in memory."""

    language = Language(
        lambda item: ("title:" if item.title else "") + f'"{item.words}"' + ("*" if item.kind == PREFIX else ""),
        " AND ", " OR ", " NOT ",
    )  # fmt: skip

    def __init__(self, work: Workload) -> None:
        self._database = sqlite3.connect(":memory:")
        self._database.execute("create table queries (number integer primary key, text)")
        self._database.executemany("insert into queries values (?, ?)", enumerate(work.texts(self.language)))

    def match(self, papers: Sequence[Text]) -> list[tuple[int, int]]:
        run = self._database.execute
        run("create virtual table papers using fts5(title, abstract, tokenize = 'ascii')")
        rows = ((number, paper.title, paper.abstract) for number, paper in enumerate(papers))
        self._database.executemany("insert into papers(rowid, title, abstract) values (?, ?, ?)", rows)
        found = run(
            "select queries.number, papers.rowid from queries cross join papers where papers match queries.text"
        ).fetchall()
        run("drop table papers")
        return found

    def close(self) -> None:
        self._database.close()


class Tantivy(_Simple):
    """Tantivy: the query objects are created once, then each is searched in an index in memory."""

    def __init__(self, work: Workload) -> None:
        import tantivy

        self._tantivy = tantivy
        builder = tantivy.SchemaBuilder()
        for name in ("title", "abstract"):
            builder.add_text_field(name, tokenizer_name="whitespace", index_option="position")
        builder.add_integer_field("number", fast=True)
        self._schema = builder.build()
        must, should, never = tantivy.Occur.Must, tantivy.Occur.Should, tantivy.Occur.MustNot
        items = {number: self._item(work.items[number]) for number in work.used.tolist()}
        either = tantivy.Query.boolean_query
        self._queries = []
        for groups, without in trees(work):
            parts = [(must, either([(should, items[item]) for item in group])) for group in groups]
            self._queries.append(either(parts + [(never, items[item]) for item in without]))

    def _item(self, item: Item) -> Any:
        query, schema = self._tantivy.Query, self._schema
        words: list[Any] = item.words.split()

        def of(field: str) -> Any:
            if item.kind == PREFIX:
                return query.regex_query(schema, field, words[0] + ".*")
            if len(words) == 1:
                return query.term_query(schema, field, words[0], "basic")
            return query.phrase_query(schema, field, words)

        if item.title:
            return of("title")
        should = self._tantivy.Occur.Should
        return query.boolean_query([(should, of("title")), (should, of("abstract"))])

    def match(self, papers: Sequence[Text]) -> list[tuple[int, int]]:
        index = self._tantivy.Index(self._schema)
        writer = index.writer(50_000_000, 1)
        for number, paper in enumerate(papers):
            writer.add_document(
                self._tantivy.Document(title=paper.title, abstract=paper.abstract, number=number)
            )
        writer.commit()
        writer.wait_merging_threads()
        index.reload()
        searcher = index.searcher()
        found: list[tuple[int, int]] = []
        for query, each in enumerate(self._queries):
            hits = searcher.search(each, limit=len(papers), count=False, order_by_field="number").hits
            found += [(query, number) for number, _ in hits]
        return found


def _tsquery(item: Item) -> str:
    sign = ("*" if item.kind == PREFIX else "") + ("A" if item.title else "")
    words = [f"'{word}'" + (":" + sign if sign else "") for word in item.words.split()]
    return "(" + " <-> ".join(words) + ")"


class Postgres(_Simple):
    """PostgreSQL tsquery in a private server: a table of queries is joined with a table of papers."""

    language = Language(_tsquery, " & ", " | ", " & !")
    indexed = False

    def __init__(self, work: Workload) -> None:
        import psycopg

        self._server = _Server()
        self._session = psycopg.connect(
            host=self._server.folder, user="bench", dbname="postgres", autocommit=True
        )
        run = self._session.execute
        run("create unlogged table queries (number int, query tsquery)")
        with self._session.cursor().copy("copy queries from stdin") as copy:
            for row in enumerate(work.texts(self.language)):
                copy.write_row(row)
        run("analyze queries")
        if self.indexed:
            run("set enable_seqscan = off")

    def match(self, papers: Sequence[Text]) -> list[tuple[int, int]]:
        run = self._session.execute
        run("create temporary table papers (number int, words tsvector)")
        with self._session.cursor() as cursor:
            # A word between title and abstract prevents phrases across them.
            cursor.executemany(
                "insert into papers values (%s, setweight(to_tsvector('simple', %s), 'A')"
                " || setweight(to_tsvector('simple', %s), 'B'))",
                [(number, paper.title + " qqqq", paper.abstract) for number, paper in enumerate(papers)],
            )
        if self.indexed:
            run("create index on papers using gin (words)")
        run("analyze papers")
        found = run(
            "select queries.number, papers.number from queries join papers on words @@ query"
        ).fetchall()
        run("drop table papers")
        return found

    def close(self) -> None:
        self._session.close()
        self._server.stop()


class PostgresGin(Postgres):
    """PostgreSQL with an inverted index of the papers."""

    indexed = True


class _Server:
    """A PostgreSQL server with data and socket in a temporary folder, without a network port."""

    def __init__(self) -> None:
        found = shutil.which("postgres") or next(
            map(str, sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"), reverse=True)), None
        )
        if found is None:
            raise FileNotFoundError("postgres")
        programs = Path(found).resolve().parent
        self.folder = tempfile.mkdtemp(prefix="bench-pg-")
        data = f"{self.folder}/data"
        self._as: dict[str, Any] = {"cwd": self.folder}
        if os.getuid() == 0:  # PostgreSQL refuses to run as root
            other = next(
                name for name in ("postgres", "nobody") if name in {each.pw_name for each in pwd.getpwall()}
            )
            shutil.chown(self.folder, other)
            self._as |= {"user": other}
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        setup = [
            programs / "initdb",
            "-D",
            data,
            "-U",
            "bench",
            "-A",
            "trust",
            "--no-sync",
            "-E",
            "UTF8",
            "--locale=C",
        ]
        subprocess.run(setup, check=True, **self._as, **quiet)
        options = (
            f"-c listen_addresses= -c unix_socket_directories={self.folder} -c fsync=off -c jit=off"
            " -c shared_buffers=512MB -c work_mem=256MB -c temp_buffers=64MB -c max_parallel_workers_per_gather=0"
        )
        self._control = [programs / "pg_ctl", "-D", data, "-w", "-s"]
        subprocess.run(
            [*self._control, "-o", options, "-l", f"{self.folder}/log", "start"],
            check=True,
            **self._as,
            **quiet,
        )

    def stop(self) -> None:
        subprocess.run([*self._control, "-m", "immediate", "stop"], check=False, **self._as)
        shutil.rmtree(self.folder, ignore_errors=True)


# --- engines with an index of the queries --------------------------------------------------------


def trees(work: Workload) -> Iterator[tuple[list[list[int]], list[int]]]:
    """Yield each query as the items of its groups and its excluded items."""
    starts, items, groups = work.starts.tolist(), work.item.tolist(), work.group.tolist()
    for first, last in pairwise(starts):
        parts: list[list[int]] = [[] for _ in range(max(groups[first:last]) + 1)]
        without = []
        for slot in range(first, last):
            (parts[groups[slot]] if groups[slot] >= 0 else without).append(items[slot])
        yield parts, without


def grams(text: str) -> Iterator[str]:
    """Yield the words of a text, and its phrases of two and three words."""
    words = text.split()
    yield from words
    for pair in pairwise(words):
        yield " ".join(pair)
    for three in zip(words, words[1:], words[2:], strict=False):
        yield " ".join(three)


class Mokaccino(_Simple):
    """A percolator in Rust without phrases: the phrases of a paper are passed as values."""

    def __init__(self, work: Workload) -> None:
        import mokaccino

        self._mokaccino = mokaccino
        query = mokaccino.Query
        items = {}
        for number in work.used.tolist():
            item = work.items[number]
            make = query.from_kprefix if item.kind == PREFIX else query.from_kv
            items[number] = make("title" if item.title else "any", item.words)
        self._percolator = mokaccino.Percolator()
        for number, (groups, without) in enumerate(trees(work)):
            parts = [_all(query.from_or, [items[item] for item in group]) for group in groups]
            parts += [query.from_not(items[item]) for item in without]
            self._percolator.add_query_id(_all(query.from_and, parts), number)
        self._used = {work.items[number].words for number in work.used.tolist()}

    def match(self, papers: Sequence[Text]) -> list[tuple[int, int]]:
        found = []
        for number, paper in enumerate(papers):
            document = self._mokaccino.Document()
            for field, texts in (("title", (paper.title,)), ("any", (paper.title, paper.abstract))):
                for words in {
                    words
                    for text in texts
                    for words in grams(text)
                    if " " not in words or words in self._used
                }:
                    document = document.with_value(field, words)
            found += [(query, number) for query in self._percolator.percolate_list(document)]
        return found


def _all(join: Any, parts: Sequence[Any]) -> Any:
    return parts[0] if len(parts) == 1 else join(parts)


class Sparse:
    """scipy: queries and papers are sparse matrices, which are multiplied."""

    def __init__(self, work: Workload) -> None:
        from scipy import sparse

        self._sparse = sparse
        self._atoms = _Atoms(work)
        positive = work.group >= 0
        query = np.repeat(np.arange(work.size), np.diff(work.starts))
        groups, row = np.unique(query[positive] * 4 + work.group[positive], return_inverse=True)
        wide = len(work.items)
        self._groups = _matrix(sparse, row, work.item[positive], (len(groups), wide))
        self._joins = _matrix(sparse, groups // 4, np.arange(len(groups)), (work.size, len(groups)))
        self._wanted = np.bincount(groups // 4, minlength=work.size)
        self._without = _matrix(sparse, query[~positive], work.item[~positive], (work.size, wide))

    def match(self, papers: Sequence[Text]) -> Any:
        rows = [list(self._atoms.of(paper)) for paper in papers]
        paper = np.repeat(np.arange(len(rows)), [len(row) for row in rows])
        atoms = np.fromiter(chain.from_iterable(rows), np.int64)
        met = _matrix(self._sparse, atoms, paper, (self._groups.shape[1], len(papers)))
        fulfilled = self._groups @ met
        fulfilled.data[:] = 1
        counts = (self._joins @ fulfilled).tocoo()
        enough = counts.data == self._wanted[counts.row]
        queries, found = counts.row[enough], counts.col[enough]
        excluded = self._without @ met
        rejected = (
            (excluded.tocoo().row * len(papers) + excluded.tocoo().col)
            if excluded.nnz
            else np.zeros(0, np.int64)
        )
        good = ~np.isin(queries * len(papers) + found, rejected)
        return queries[good].astype(np.int64), found[good].astype(np.int64)

    def pairs(self, found: Pairs) -> Iterator[Pairs]:
        yield found

    def close(self) -> None:
        pass


def _matrix(sparse: Any, rows: Any, columns: Any, shape: tuple[int, int]) -> Any:
    found = sparse.csr_matrix((np.ones(len(rows), np.int32), (rows, columns)), shape=shape)
    found.sum_duplicates()
    return found


class _Atoms:
    """Finds the items of a paper in dictionaries."""

    def __init__(self, work: Workload) -> None:
        self._anywhere, self._title, self._prefix = {}, {}, {}
        for number in work.used.tolist():
            item = work.items[number]
            key = item.words + "*" if item.kind == PREFIX else item.words
            (self._title if item.title else self._anywhere)[key] = number
        self._lengths = sorted({len(item.words) for item in work.items if item.kind == PREFIX})

    def of(self, paper: Text) -> set[int]:
        found: set[int] = set()
        for field, text in (("title", paper.title), ("abstract", paper.abstract)):
            seen = set(grams(text))
            words = text.split()
            for length in self._lengths:
                seen.update(word[:length] + "*" for word in words if len(word) >= length)
            found.update(self._anywhere[key] for key in seen & self._anywhere.keys())
            if field == "title":
                found.update(self._title[key] for key in seen & self._title.keys())
        return found


# --- engines that scan the text for all items at once; matches are verified in Python -------------


class _Scanning(_Simple):
    """Spaces around items and around the text make sure that only whole words match."""

    def __init__(self, work: Workload) -> None:
        numbers: dict[str, list[int]] = {}
        for number in work.used.tolist():
            item = work.items[number]
            pattern = f" {item.words}" + ("" if item.kind == PREFIX else " ")
            numbers.setdefault(pattern, [-1, -1])[item.title] = number
        self._numbers = list(
            numbers.values()
        )  # for each pattern, the item anywhere and the item in the title
        self._prepare(list(numbers))
        # A query is checked only if the text has an item of its rarest group.
        self._triggers: dict[int, list[int]] = defaultdict(list)
        self._rest: list[tuple[tuple[int, ...], ...]] = []
        self._without: list[tuple[int, ...]] = []
        frequency = work.frequency.tolist()
        for query, (groups, without) in enumerate(trees(work)):
            first, *others = sorted(groups, key=lambda group: sum(frequency[item] for item in group))
            for item in set(first):
                self._triggers[item].append(query)
            self._rest.append(tuple(map(tuple, others)))
            self._without.append(tuple(without))

    def _prepare(self, patterns: list[str]) -> None:
        raise NotImplementedError

    def _scan(self, text: str) -> Iterable[int]:
        """Return the patterns in a text."""
        raise NotImplementedError

    def match(self, papers: Sequence[Text]) -> list[tuple[int, int]]:
        found = []
        for number, paper in enumerate(papers):
            in_title = set(self._scan(f" {paper.title} "))
            met = {item for pattern in in_title for item in self._numbers[pattern]}
            met.update(self._numbers[pattern][0] for pattern in set(self._scan(f" {paper.abstract} ")))
            met.discard(-1)
            queries = set(chain.from_iterable(self._triggers[item] for item in met & self._triggers.keys()))
            for query in queries:
                if met.isdisjoint(self._without[query]):
                    for group in self._rest[query]:
                        if met.isdisjoint(group):
                            break
                    else:
                        found.append((query, number))
        return found


class AhoCorasickRs(_Scanning):
    def _prepare(self, patterns: list[str]) -> None:
        import ahocorasick_rs

        self._automaton = ahocorasick_rs.AhoCorasick(patterns, store_patterns=False)

    def _scan(self, text: str) -> Iterable[int]:
        return [row[0] for row in self._automaton.find_matches_as_indexes(text, overlapping=True)]


class PyAhoCorasick(_Scanning):
    def _prepare(self, patterns: list[str]) -> None:
        import ahocorasick

        self._automaton = ahocorasick.Automaton()
        for number, pattern in enumerate(patterns):
            self._automaton.add_word(pattern, number)
        self._automaton.make_automaton()

    def _scan(self, text: str) -> Iterable[int]:
        return [number for _, number in self._automaton.iter(text)]


class Hyperscan(_Scanning):
    def _prepare(self, patterns: list[str]) -> None:
        import hyperscan

        self._database = hyperscan.Database()
        self._database.compile(
            expressions=[pattern.encode() for pattern in patterns],
            ids=list(range(len(patterns))),
            elements=len(patterns),
            flags=[hyperscan.HS_FLAG_SINGLEMATCH] * len(patterns),
        )

    def _scan(self, text: str) -> Iterable[int]:
        met: list[int] = []

        def note(pattern: int, *_: Any) -> None:
            met.append(pattern)

        self._database.scan(text.encode(), match_event_handler=note)
        return met
