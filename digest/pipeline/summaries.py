"""Summaries for the papers of a run's issues, requested before any issue is made and outside of transactions.

A paper whose summary is not ready in time shows its gist, and the notes of the run say why.
"""

import time
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime

from digest.compose.issue import Findings
from digest.errors import UsageError
from digest.home.secrets import read_secret
from digest.model import Home, Item, Paper, Summary, SummarySettings
from digest.store.store import Store, Transaction

_MAX_FAILURES = 3  # in a row; then the endpoint is taken to be down


def write_summaries(home: Home, store: Store, papers: Iterable[Paper], *, now: datetime) -> tuple[str, ...]:
    """Request summaries of the papers that lack one, within the limits; return notes for the run's report."""
    from digest.summarize import key_of

    settings = home.settings.summaries
    assert settings is not None, "called only if digest.toml has [summaries]"
    wanted = {key_of(settings.model, paper): paper for paper in papers if paper.abstract}
    with store.begin(write=False) as tx:
        known = tx.summaries.known(wanted)
    missing = {key: paper for key, paper in wanted.items() if key not in known}
    if not missing:
        return ()
    try:
        key = _key(home, settings)
    except UsageError as error:
        return (_note(0, len(missing), str(error)),)
    written, problem = _request(store, settings, key, missing, now)
    return (_note(written, len(missing), problem),) if problem else ()


def _request(
    store: Store, settings: SummarySettings, secret: str, missing: dict[str, Paper], now: datetime
) -> tuple[int, str]:
    """Request one summary after the other; return how many were written, and the first reason for fewer."""
    from digest.summarize import Endpoint, SummaryError

    deadline = time.monotonic() + settings.max_seconds
    written, requests, failures, problem = 0, 0, 0, ""
    with Endpoint(settings, secret) as endpoint:
        for key, paper in missing.items():
            seconds = deadline - time.monotonic()
            if requests == settings.max_papers or seconds <= 0:
                limit = "max_seconds" if seconds <= 0 else "max_papers"
                return written, problem or f"{limit} is {getattr(settings, limit)}"
            requests += 1
            try:
                text = endpoint.summary(paper, seconds)
            except SummaryError as error:
                problem = problem or str(error)
                failures += 1
                if error.final or failures == _MAX_FAILURES:
                    break
                continue
            failures, written = 0, written + 1
            with store.begin() as tx:
                tx.summaries.keep(key, text, model=settings.model, at=now)
    return written, problem


def _note(written: int, wanted: int, problem: str) -> str:
    return f"summaries: {written} of {wanted} written; the other papers show their gist: {problem}"


def _key(home: Home, settings: SummarySettings) -> str:
    """Return the key of the endpoint, "" for none. Raises UsageError if it cannot be read or is invalid."""
    if not (settings.key_env or settings.key_file):
        return ""
    key = read_secret(home, "summaries.key", settings.key_env, settings.key_file).strip()
    if not (key.isascii() and key.isprintable()):
        name = "key_env" if settings.key_env else "key_file"
        raise UsageError(
            f"digest.toml: summaries.{name}: the value is not a valid key; it must be one line in ASCII"
        )
    return key


def known_summaries(tx: Transaction, model: str, findings: Iterable[Findings]) -> dict[str, str]:
    """Return the stored summaries of a model for the papers of findings, by their keys; none for no model ("")."""
    if not model:
        return {}
    from digest.summarize import key_of

    items = (item for each in findings for item in (*each.new, *each.updated, *each.discover))
    return dict(tx.summaries.known({key_of(model, item.paper) for item in items}))


def with_summaries(model: str, known: Mapping[str, str], findings: Findings) -> Findings:
    """Return the findings with those of the `known` summaries of a model that belong to their papers."""
    if not known:
        return findings
    from digest.summarize import key_of

    def summarised(items: Iterable[Item]) -> tuple[Item, ...]:
        found = ((item, known.get(key_of(model, item.paper))) for item in items)
        return tuple(replace(item, summary=Summary(text, model)) if text else item for item, text in found)

    return replace(
        findings,
        new=summarised(findings.new),
        updated=summarised(findings.updated),
        discover=summarised(findings.discover),
    )
