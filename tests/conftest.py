"""For all tests: the real digest files, if they exist, and settings for property tests."""

import gc
import os
import random
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from tests import forked
from tests.homes import TestHome
from tests.postgres import Postgres, server

SHARED = Path(__file__).parents[2] / "shared" / "data"

# One seed for all worker processes, which inherit it.
os.environ.setdefault("TORTURE_SEED", str(random.SystemRandom().randrange(1_000_000)))

# Homes of tests are in memory if there is room, because they are synced often and soon deleted.
MEMORY = Path("/dev/shm")
if (
    MEMORY.is_dir()
    and os.access(MEMORY, os.W_OK)
    and shutil.disk_usage(MEMORY).free > 4 * 2**30
    and not os.statvfs(MEMORY).f_flag & os.ST_NOEXEC  # tests write and start programs
):
    os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(MEMORY))

# A slow example is not a failure, because shared machines are noisy. In CI, the examples are always the same;
# elsewhere, every run tries others.
settings.register_profile(
    "calm",
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    derandomize="CI" in os.environ,
)
settings.load_profile("calm")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    # The longest first, so that no worker begins one when the others are done.
    items.sort(key=lambda item: not item.get_closest_marker("torture"))
    if SHARED.is_dir():
        return
    if os.environ.get("DIGEST_REQUIRE_SHARED"):
        raise pytest.UsageError(f"{SHARED} does not exist, but DIGEST_REQUIRE_SHARED is set")
    for item in items:
        if item.get_closest_marker("shared") or "shared" in getattr(item, "fixturenames", ()):
            item.add_marker(
                pytest.mark.skip(reason="../shared/data does not exist (it is not part of the repository)")
            )


def pytest_collection_finish() -> None:
    """Exclude the thousands of collected tests from garbage collection, because they stay until the end."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 20, 20)


def pytest_sessionfinish() -> None:
    forked.end()


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of real digest files."""
    return SHARED


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """A PostgreSQL server, if the machine has one."""
    with server() as running:
        yield running


@pytest.fixture(params=["sqlite", "postgresql"])
def both_databases(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """The kind of database of the homes of a test, which is done with both."""
    if request.param == "postgresql":
        server: Postgres = request.getfixturevalue("postgres")
        monkeypatch.setattr(TestHome, "new_database", server.new_database)
    kind: str = request.param
    return kind


@pytest.fixture
def store_url(both_databases: str) -> str:
    """The URL of a database for a test that is done with both kinds."""
    del both_databases
    return TestHome.new_database() if TestHome.new_database else "sqlite:///digest.db"
