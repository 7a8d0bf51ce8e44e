"""What a person at a terminal sees: tables on stdout, messages and progress on stderr."""

import json
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from digest.model import DigestFile, Match, Subscription
from digest.model.reports import COUNTED, FileReport, Finding

if TYPE_CHECKING:
    from rich.console import Console

    from digest.fetch.fetch import FetchResult
    from digest.home.subscription_files import InvalidSubscription
    from digest.model import RunRecord, Verdict
    from digest.services.backup import Restored
    from digest.services.explain import PaperWhy, Why
    from digest.services.feedback import Feedback, Suggestion
    from digest.services.preview import Preview
    from digest.services.subscriptions import SubscriptionStatus

_PIPED_WIDTH = 160
_MAIL_SHOWN, _DECISIONS_SHOWN = 6, 8  # lines: the answer fits a screen


class Screen:
    """Where results and messages go; `machine` keeps stdout for JSON, `quiet` keeps all but errors back."""

    def __init__(self, *, quiet: bool, machine: bool) -> None:
        self._quiet, self._machine = quiet, machine

    def error(self, text: str) -> None:
        """Show an error on stderr, always."""
        console = _console(sys.stderr)
        console.print("digest: ", style="bold red", end="")
        console.print(text, markup=False, soft_wrap=True)

    def message(self, text: str) -> None:
        """Show a message on stderr."""
        if not self._quiet:
            _console(sys.stderr).print(text, markup=False, soft_wrap=True)

    def say(self, text: str = "", style: str = "") -> None:
        """Print a line of a result."""
        if not (self._quiet or self._machine):
            _console(sys.stdout).print(text, style=style, markup=False, soft_wrap=True)

    def table(self, heads: Sequence[str], rows: Iterable[Sequence[object]], *, wide: int = 0) -> None:
        """Print aligned columns; texts to the left, numbers to the right. Column `wide` may wrap."""
        if self._quiet or self._machine:
            return
        from rich.table import Table

        cells = [[_cell(value) for value in row] for row in rows]
        table = Table(box=None, pad_edge=False, header_style="dim", padding=(0, 2, 0, 0))
        for number, head in enumerate(heads):
            numeric = bool(cells) and all(row[number].isdigit() or not row[number] for row in cells)
            table.add_column(
                head, justify="right" if numeric else "left", no_wrap=number != wide, overflow="fold"
            )
        from rich.text import Text

        for row in cells:
            table.add_row(*(Text(cell) for cell in row))
        _console(sys.stdout).print(table)

    @contextmanager
    def progress(self) -> Iterator[Callable[[str, int, int], None]]:
        """Show progress on stderr while the block works, if a person is watching."""
        if self._quiet or self._machine or not sys.stderr.isatty():
            yield lambda _stage, _done, _total: None
            return
        with _console(sys.stderr).status("starting") as status:
            yield lambda stage, done, total: status.update(f"{stage} {done + 1} of {total}")

    # --- commands

    def run(self, report: dict[str, Any], *, dry_run: bool, home: str = "") -> None:
        """Show a run: files, subscriptions, what was written, and what to do next; `home` as seen from here."""
        self._files(report["files"])
        self._subscriptions(report["subscriptions"])
        for text in (*report["problems"], *report["notes"], *report.get("stale", ())):
            self.message(f"  {text}")
        self._closing(report, dry_run=dry_run, home=home)
        if report.get("delivery"):
            self.delivery(report["delivery"])

    def fetched(self, found: "Sequence[FetchResult]", now: datetime) -> None:
        """Show what came of each source, how long it has been silent, and what to do next."""
        for one in found:
            if one.error:
                self.error(f"{one.source.name}: {one.error}")
        if not found:
            self.message("no sources; write [[sources]] in digest.toml, see docs/sources.md")
            return
        self.table(
            ("source", "files", "nothing new", "last new"),
            ((one.source.name, len(one.files), one.unchanged, _silence(one.changed, now)) for one in found),
        )
        if any(one.files for one in found):
            self.message("Read them: digest run")

    def _files(self, files: Sequence[dict[str, Any]]) -> None:
        fresh = [file for file in files if not file["rejected"]]
        if fresh:
            self.table(
                ("file", "listed", "new", "updated", "seen", "saved"),
                (
                    (
                        f["path"],
                        f["listed"],
                        f["new"],
                        f["updated"],
                        f["seen"],
                        f["captured"] + ("?" if f["captured_guessed"] else ""),
                    )
                    for f in fresh
                ),
            )
        if any(f["captured_guessed"] and (f["new"] or f["updated"]) for f in fresh):
            self.message(
                "  ? the day of saving is a guess; a date in the file's name or --captured settles it"
            )
        for file in fresh:
            if file["note"]:
                self.message(f"  {file['path']}: {file['note']}")
        for file in files:
            self._rejected(file)
        if files:
            self.say()

    def _rejected(self, file: dict[str, Any]) -> None:
        rejected = file["rejected"]
        if not rejected:
            return
        place = f"{file['path']}:{rejected['line']}" if rejected["line"] else file["path"]
        if rejected["remembered"]:
            self.message(f"  {place}: set aside before and unchanged ({rejected['reason']})")
        else:
            self.error(f"{place}: {rejected['reason']}; {rejected['remedy']}")

    def _subscriptions(self, subscriptions: Sequence[dict[str, Any]]) -> None:
        rows = [
            (s["id"], s["considered"], s["matched"], _outcome(s)) for s in subscriptions if not s["error"]
        ]
        if rows:
            self.table(("subscription", "papers", "match", "issue"), rows, wide=3)
            self.say()
        for subscription in subscriptions:
            if subscription["error"]:
                self.error(subscription["error"])

    def _closing(self, report: dict[str, Any], *, dry_run: bool, home: str) -> None:
        files, subscriptions = report["files"], report["subscriptions"]
        new = sum(file["new"] for file in files)
        updated = sum(file["updated"] for file in files)
        issues = [s["issue"] for s in subscriptions if s["issue"]]
        parts = [_count(new, "new paper"), f"{updated} updated", _count(len(issues), "issue")]
        head = "Nothing recorded (dry run): " if dry_run else ""
        self.say(head + ", ".join(parts) + ".", style="bold")
        if not files:
            self.say("inbox/ is empty: save a page of papers there, or name files: digest run PATH")
        if not subscriptions:
            self.say('No subscriptions yet: digest subscriptions add one-step "one-step diffusion"')
        elif not new and not updated and not issues:
            self.say("Nothing new since the last run; digest why SUBSCRIPTION tells more.")
        elif issues and not dry_run and not report["problems"]:
            first = next((i["html"] or i["markdown"] or i["text"] for i in issues), None)
            index = Path(home, "output/site/index.html")
            self.say(f"Open {Path(home, first) if first else index} · all issues: {index}")

    def delivery(self, report: dict[str, Any]) -> None:
        """Show what became of the messages, those in full that somebody should look at."""
        rows = [
            (
                each["id"],
                each["subscription"],
                each["issue"],
                each["recipient"],
                each["status"],
                each["reply"],
            )
            for each in report["messages"]
            if each["status"] != "sent"
        ]
        if rows:
            self.table(("id", "subscription", "issue", "recipient", "status", "last answer"), rows, wide=5)
            self.say()
        for problem in report["problems"]:
            self.error(problem)
        if report["paused"]:
            self.error(
                f"paused, as every message would meet this: {report['paused']}; mend it (digest doctor helps), "
                "then: digest deliver"
            )
        told = [
            f"{count} {name.replace('_', ' ')}" for name, count in report.items() if count and name in COUNTED
        ]
        self.say("Mail: " + (", ".join(told) or "nothing to send") + ".", style="bold")
        if report["in_doubt"]:
            self.say("In doubt: digest outbox list shows them; digest outbox retry ID, or drop ID.")

    def file(self, file: DigestFile) -> None:
        """Show a parsed file: its listings."""
        guess = " (a guess)" if file.captured_guessed else ""
        self.say(f"{file.path}: {file.source}, saved {file.captured}{guess}", style="bold")
        if file.note:
            self.message(f"  {file.note}")
        self.table(
            ("", "title", "authors", "published", "comments", "upvotes"),
            (
                (
                    each.rank,
                    each.title,
                    _authors(each.author_count, each.organization),
                    each.published,
                    each.comments,
                    each.upvotes,
                )
                for each in file.listings
            ),
            wide=1,
        )
        self.say()

    def diff(self, files: Sequence[FileReport]) -> None:
        """Show what of each file is new, updated or seen."""
        for status in ("new", "updated"):
            rows = [(told.title,) for file in files for told in file.papers if told.status == status]
            if rows:
                self.table((status,), rows)
                self.say()
        self._files([file.as_json() for file in files])

    def matches(self, query: str, found: Sequence[Match], *, searched: str) -> None:
        """Show matches, best first, each with its evidence."""
        for hit in found:
            self.say(f"{hit.score:g}  {hit.paper.title}", style="bold")
            places: dict[tuple[str, str], int] = {}
            for one in hit.evidence:
                places[one.term, one.field] = places.get((one.term, one.field), 0) + 1
            told = (f"{term} in {field}" + (f" {n}×" if n > 1 else "") for (term, field), n in places.items())
            self.say("   " + ", ".join(told), style="dim")
        self.say(
            f"{_count(len(found), 'paper')} of {searched} match{'es' if len(found) == 1 else ''} {query}",
            style="bold",
        )

    def preview(self, shown: "Preview") -> None:
        """Show the issue that would be made, and the weeks before."""
        if shown.issue:
            self.say(shown.text)
        elif not shown.papers:
            self.say("The library is empty: digest run reads inbox/ first.", style="bold")
            return
        else:
            new = _count(shown.considered, "new paper")
            why = f"no match among {new}" if shown.considered else "no new papers since the last one"
            self.say(f"No issue: {why}.", style="bold")
        self.table(
            ("week of", "papers", "match"), ((week.monday, week.papers, week.matched) for week in shown.weeks)
        )
        self.say(_rate(*shown.per_week) + ".", style="bold")

    def subscription_statuses(self, found: Sequence["SubscriptionStatus"]) -> None:
        """Show the subscriptions."""
        if not found:
            self.say('No subscriptions yet: digest subscriptions add one-step "one-step diffusion"')
            return
        rows = []
        for each in found:
            subscription = each.subscription
            if isinstance(subscription, Subscription):
                due = _local(each.next_slot, subscription.timezone) if subscription.enabled else "disabled"
                rows.append((subscription.id, subscription.name, subscription.schedule, each.issues, due))
            else:
                rows.append(
                    (subscription.id, "has mistakes: digest subscriptions check", "", each.issues, "")
                )
        self.table(("id", "name", "schedule", "issues", "next"), rows, wide=1)

    def checked(self, found: "Sequence[tuple[Subscription | InvalidSubscription, tuple[str, ...]]]") -> None:
        """Show what is wrong in subscription files."""
        flawed = 0
        for each, warnings in found:
            if not isinstance(each, Subscription):
                flawed += 1
                self.error(str(each))
            for warning in warnings:
                self.message(f"warning: {warning}")
        good = len(found) - flawed
        self.say(
            f"{_count(good, 'subscription')} in order" + (f", {flawed} with mistakes." if flawed else ".")
        )

    def feedback(self, found: "Feedback") -> None:
        """Show what was said of papers, and what was learnt."""
        if found.votes:
            self.table(
                ("", "paper", "title"),
                ((verdict, paper.number, paper.title) for paper, verdict, _ in found.votes),
                wide=2,
            )
        clicked = sum(verdict == "clicked" for _, verdict, _ in found.votes)
        votes, seeds = _count(len(found.votes) - clicked, "vote"), _count(len(found.seeds), "seed")
        told = f", {_count(clicked, 'paper')} clicked" if clicked else ""
        self.say(f"{votes}, {seeds}{told}.", style="bold")
        for name, terms in (("for", found.liked_terms), ("against", found.disliked_terms)):
            if terms:
                self.say(f"{name}: {', '.join(terms)}")

    def suggestion(self, found: "Suggestion") -> None:
        """Show proposed keywords as they stand in a subscription."""
        self.say(f"keywords = [{', '.join(_toml_text(each) for each in found.keywords)}]", style="bold")
        self.say(f"finds {found.found} of {_count(found.liked, 'liked paper')}; {_rate(*found.per_week)}.")

    def ledger(self, records: "Sequence[RunRecord]", timezone: str) -> None:
        """Show the runs, newest first, by the clocks they went by."""
        if not records:
            self.say("No run yet: digest run")
            return
        self.table(
            ("run", f"when ({timezone})", "status", "files", "new", "updated", "issues", "mail"),
            (_ledger_row(record, timezone) for record in records),
        )
        part = next((record.id for record in records if record.status == "part"), None)
        if part is not None:
            self.message(f"part: something was set aside or failed; what, says: digest ledger --run {part}")

    def ledger_run(self, record: "RunRecord", timezone: str) -> None:
        """Show one run whole."""
        self.say(
            f"Run {record.id}, {_local(record.clock, timezone)} ({timezone}), {record.status}", style="bold"
        )
        if record.report is None:
            self.say("It never ended; the next run continued from where it was.")
        else:
            self.run(record.report, dry_run=False)
            took = (f"{name} {seconds:.2f} s" for name, seconds in record.report.get("stages", {}).items())
            self.say(", ".join(took), style="dim")

    def why(self, subscription_id: str, found: "Why") -> None:
        """Show what was decided for a subscription, and how it stands now."""
        from digest.services.explain import mail_told

        if found.paper:
            self._why_paper(found.paper, found.timezone)
        else:
            self._decided(found)
        told = mail_told(found)
        for line in told[:_MAIL_SHOWN]:
            self.say(line)
        if len(told) > _MAIL_SHOWN:
            self.say(f"and {len(told) - _MAIL_SHOWN} more: digest outbox list --all")
        standing = found.standing
        self.say()
        if standing is None:
            self.say(f"subscriptions/{subscription_id}.toml is gone; its history stays.")
        elif not isinstance(standing.subscription, Subscription):
            self.error(str(standing.subscription))
        else:
            subscription = standing.subscription
            self.say(f"keywords: {'  |  '.join(subscription.keywords)}")
            if subscription.exclude:
                self.say(f"without:  {'  |  '.join(subscription.exclude)}")
            self.say(_next_due(standing, subscription))
            self.say(f"What it would bring now: digest preview {subscription_id}", style="bold")

    def _decided(self, found: "Why") -> None:
        """Show the answer, and the decisions that it rests on."""
        from digest.services.explain import folded

        for sentence in found.answer:
            self.say(sentence, style="bold")
        rows = [
            (
                _local(record.clock, found.timezone),
                f"{record.id} and {times - 1} before" if times > 1 else record.id,
                verdict.considered,
                verdict.matched,
                _decision(verdict),
            )
            for record, verdict, times in folded(found.decided)
        ]
        if rows:
            self.say()
            heads = (f"when ({found.timezone})", "run", "papers", "match", "what came of it")
            self.table(heads, rows[:_DECISIONS_SHOWN], wide=4)
        if len(rows) > _DECISIONS_SHOWN:
            self.say(f"and {len(rows) - _DECISIONS_SHOWN} before; --json has them all")

    def findings(self, found: Sequence[Finding]) -> None:
        """Show what the doctor found; what is bad on stderr."""
        signs = {"good": "ok", "warning": "note", "skipped": "-"}
        for finding in found:
            link = "\n  " if "\n" in finding.message else "; "  # a line with a caret ends there
            remedy = f"{link}{finding.remedy}" if finding.remedy else ""
            text = f"{finding.check}: {finding.message}{remedy}"
            if finding.state == "bad":
                self.error(text)
            else:
                self.say(f"{signs[finding.state]:5} {text}")
        bad = sum(finding.state == "bad" for finding in found)
        self.say("Nothing is wrong." if not bad else f"{_count(bad, 'thing')} to mend.", style="bold")

    def restored(self, done: "Restored") -> None:
        """Show what was put back, and what cannot be known."""
        self.say(
            f"{done.file} is the library now, as it stood at {_local(done.until, 'UTC')} UTC.", style="bold"
        )
        if done.aside:
            self.say(f"The library before is {done.aside}.")
        self.say(f"{_count(done.spared, 'paper')} sent since then will not be sent again.")
        for text in done.unknown:
            self.message(f"note: {text}")
        self.say("Next: digest run --rewrite writes issues, feeds and pages as this library has them.")

    def _why_paper(self, about: "PaperWhy", timezone: str) -> None:
        self.say(f"{about.paper.number}  {about.paper.title}", style="bold")
        listed = ", ".join(f"{path} ({day})" for path, day in about.files[:5])
        self.say(f"first seen {_local(about.paper.first_seen, timezone)} ({timezone}), listed in {listed}")
        self.say(about.answer)
        self.say()


def print_json(value: object) -> None:
    """Print one line of JSON on stdout."""
    # A lone surrogate in a text cannot be printed as itself; as an escape it can.
    text = json.dumps(value, ensure_ascii=False)
    try:
        text.encode()
    except UnicodeEncodeError:
        text = json.dumps(value)
    print(text)


def _console(stream: Any) -> "Console":
    from rich.console import Console

    width = None if stream.isatty() else _PIPED_WIDTH
    return Console(file=stream, width=width, highlight=False, emoji=False)


def _toml_text(text: str) -> str:
    return f"'{text}'" if '"' in text else f'"{text}"'


def _cell(value: object) -> str:
    return "" if value is None else str(value)


def _rate(papers: float, weeks: int) -> str:
    return f"{papers:.1f} papers a week over {_count(weeks, 'week')}"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _next_due(standing: "SubscriptionStatus", subscription: Subscription) -> str:
    """Say when the next issue is due, or why none is."""
    when = f"{subscription.schedule}, {subscription.timezone}"
    if not subscription.enabled:
        return f"disabled: enabled = false ({when})"
    if standing.overdue:
        return f"due since {_local(standing.overdue, subscription.timezone)}, with the next run ({when})"
    return f"next due: {_local(standing.next_slot, subscription.timezone)} ({when})"


def _decision(verdict: "Verdict") -> str:
    """Return what a run decided, with the nearest misses of a slot that it used up."""
    if verdict.error:
        return verdict.error
    note = "" if verdict.matched else ", a note without papers"
    outcome = f"issue {verdict.issue}{note}" if verdict.issue else verdict.reason or ""
    near = verdict.nearest if verdict.slot else ()
    return "; ".join((outcome, *(each for each in near if each not in outcome)))


def _outcome(subscription: dict[str, Any]) -> str:
    issue = subscription["issue"]
    if not issue:
        return f"none: {subscription['reason']}"
    told = [_count(len(issue["new"]), "new paper")] if issue["new"] else []
    told += [f"{len(issue['updated'])} updated"] if issue["updated"] else []
    told += [f"{issue['more']} more"] if issue["more"] else []
    discovered = issue.get("discover")  # not in the reports of older runs
    told += [f"{len(discovered)} discovered"] if discovered else []
    return f"no. {issue['number']}: " + (", ".join(told) or "a note without papers")


def _authors(count: int | None, organization: str | None) -> str:
    return organization or (str(count) if count is not None else "")


def _silence(changed: datetime | None, now: datetime) -> str:
    """Return when a source last had something new, and how long ago if that is more than a day."""
    if changed is None:
        return "never"
    days = (now - changed).days
    return f"{changed:%Y-%m-%d}" + (f", {_count(days, 'day')} ago" if days > 0 else "")


def _local(moment: datetime | None, timezone: str) -> str:
    return "never" if moment is None else moment.astimezone(ZoneInfo(timezone)).strftime("%a %Y-%m-%d %H:%M")


def _ledger_row(record: "RunRecord", timezone: str) -> tuple[object, ...]:
    when = _local(record.clock, timezone)
    report = record.report
    if report is None:
        return (record.id, when, record.status, "", "", "", "", _mail(record.mail))
    files = report["files"]
    return (
        record.id,
        when,
        record.status,
        len(files),
        sum(file["new"] for file in files),
        sum(file["updated"] for file in files),
        sum(1 for subscription in report["subscriptions"] if subscription["issue"]),
        _mail(record.mail),
    )


def _mail(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{count} {status.replace('_', ' ')}" for status, count in counts.items() if count)
