"""Commands that kill themselves at an exact point."""

import signal
from pathlib import Path

from tests import forked

COMMITS = (
    "sqlalchemy.engine.default:DefaultDialect.do_commit",
    "digest.store.delivery_writer:SqliteDeliveryWriter.commit",
)

# Dies when the functions named first were reached, or left, for the n-th time together.
_SCRIPT = """
import importlib, os, signal, sys
from digest.cli.main import main

left = int(sys.argv[2])


def reach():
    global left
    left -= 1
    if left == 0:
        os.kill(os.getpid(), signal.SIGKILL)


def around(owner, name):
    whole = getattr(owner, name)

    def wrapped(*args, **more):
        reach()
        result = whole(*args, **more)
        reach()
        return result

    setattr(owner, name, wrapped)


for point in sys.argv[1].split(","):
    module, _, path = point.partition(":")
    owner = importlib.import_module(module)
    *classes, name = path.split(".")
    for each in classes:
        owner = getattr(owner, each)
    around(owner, name)
sys.exit(main(sys.argv[3:]))
"""


def is_killed(folder: Path, points: tuple[str, ...], at: int, *words: object) -> bool:
    """Run a command that dies at its `at`-th point, if it comes to so many; tell whether it did."""
    script = folder / "killed.py"
    script.write_text(_SCRIPT, "utf-8")
    command = [str(script), ",".join(points), str(at), *map(str, words)]
    return forked.run(command).returncode == -signal.SIGKILL
