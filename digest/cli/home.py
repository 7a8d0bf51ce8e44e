"""The commands about a whole home: init, doctor, backup and restore."""

import shlex
from argparse import Namespace
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from digest.cli.arguments import Commands, Context, path
from digest.cli.console import Screen, print_json
from digest.text.format import count, named_time

if TYPE_CHECKING:
    from digest.model.reports import Finding
    from digest.services.backup import Restored

# How the state of a finding is shown, and in which style.
_STATES = {
    "good": ("ok", "green"),
    "warning": ("note", "yellow"),
    "skipped": ("skip", "dim"),
    "bad": ("bad", "bold red"),
}


def add_commands(commands: Commands) -> None:
    init = commands.add(
        "init",
        _init,
        "create a home",
        details="It is empty but for an example of a subscription, which is not read.",
        examples=("digest init ~/papers", "digest init --samples /tmp/trial"),
    )
    init.set_defaults(opens="nothing")
    init.add_argument("dir", type=path, metavar="DIR", help="folder to create")
    init.add_argument(
        "--samples", action="store_true", help="add sample pages and subscriptions, to try the program with"
    )
    doctor = commands.add("doctor", _doctor, "check settings, library, templates, clock and mail")
    doctor.set_defaults(opens="folder")  # it checks the settings itself
    backup = commands.add(
        "backup",
        _backup,
        "copy the library to a file, even while digest is running",
        examples=("digest backup library.db",),
    )
    backup.add_argument("file", type=path, metavar="FILE", help="file to write")
    restore = commands.add(
        "restore",
        _restore,
        "replace the library with a backup",
        details="The current library is kept in the same folder, and emails it has already sent are not sent again.",
        examples=("digest restore library.db",),
    )
    restore.add_argument("file", type=path, metavar="FILE", help="backup to restore")
    restore.add_argument(
        "--newer",
        type=path,
        metavar="FILE",
        help="later library; emails it has sent are not sent again (default: the current library)",
    )


def _init(arguments: Namespace, context: Context) -> int:
    from digest.home.create import init

    target = init(arguments.dir, samples=arguments.samples)
    if arguments.json:
        print_json({"home": str(target)})
        return 0
    screen, home = context.screen, shlex.quote(str(target))
    if arguments.samples:
        screen.line(f"Created a home with samples in {target}. Every paper in them is invented.")
        screen.hint("To run it", f"digest run --home {home}")
        screen.hint("To start your own, without samples", "digest init DIR")
    else:
        screen.line(f"Created an empty home in {target}")
        screen.hint("To work in it", f"cd {home}")
        screen.hint("To subscribe", 'digest subscriptions add one-step "one-step diffusion"')
        screen.hint("To read pages that you saved in inbox/", "digest run")
    return 0


def _doctor(arguments: Namespace, context: Context) -> int:
    from digest.model.reports import finding_json
    from digest.services.doctor.checks import examine
    from digest.services.workspace import Clock

    findings = examine(context.home.path, lambda opened: Clock.of(opened, arguments.now))
    if arguments.json:
        print_json([finding_json(finding) for finding in findings])
    else:
        _show_findings(context.screen, findings)
    return max((finding.exit_status for finding in findings if finding.state == "bad"), default=0)


def _show_findings(screen: Screen, findings: "Sequence[Finding]") -> None:
    """Show what the checks found; with `--quiet` only what is bad."""
    for finding in findings:
        state, style = _STATES[finding.state]
        link = "\n  " if "\n" in finding.message else "; "  # a message of several lines ends with a caret
        text = f"{finding.check}: {finding.message}" + (f"{link}{finding.remedy}" if finding.remedy else "")
        screen.line(text, label=f"{state:5} ", label_style=style, needed=finding.state == "bad")
    bad = sum(finding.state == "bad" for finding in findings)
    screen.line()
    screen.line(f"{count(bad, 'problem')} found." if bad else "No problems found.", style="bold")


def _backup(arguments: Namespace, context: Context) -> int:
    from digest.services.backup import backup

    target = backup(context.home, arguments.file, context.clock.started)
    if arguments.json:
        print_json({"file": str(target), "bytes": target.stat().st_size})
    else:
        context.screen.line(f"Copied the library to {target}")
        context.screen.hint("To restore it", f"digest restore {target}")
    return 0


def _restore(arguments: Namespace, context: Context) -> int:
    from digest.services.backup import restore

    restored = restore(context.home, arguments.file, arguments.newer, context.clock)
    if arguments.json:
        print_json(_restored_json(restored))
    else:
        _show_restored(context.screen, restored, context.home.settings.timezone)
    return 0


def _restored_json(restored: "Restored") -> dict[str, Any]:
    return {
        "file": str(restored.file),
        "until": restored.until.isoformat() if restored.until else None,
        "aside": str(restored.aside) if restored.aside else None,
        "spared": restored.spared,
        "unknown": list(restored.unknown),
    }


def _show_restored(screen: Screen, restored: "Restored", zone: str) -> None:
    """Show what was restored, and what is unknown about later mail."""
    until = f", last run {named_time(restored.until, zone)}" if restored.until else ""
    screen.line(f"Restored the library from {restored.file}{until}.", style="bold")
    if restored.aside:
        screen.line(f"The previous library is kept as {restored.aside}.")
    if restored.spared:
        screen.line(f"{count(restored.spared, 'paper')} sent since then will not be sent again.")
    for text in restored.unknown:
        screen.message(text, label="note: ")
    screen.hint("To write issues, feeds and pages from this library", "digest run --rewrite")
