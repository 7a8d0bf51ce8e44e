"""The pictures in the README: they exist, stay small, and `make pictures` can take them again."""

import os
import re
import shutil
import struct
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SCRIPT = ROOT / "docs" / "pictures" / "make.py"
NAMED = sorted(set(re.findall(r"[\w./-]+\.png", (ROOT / "README.md").read_text("utf-8"))))
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)


def size_of(path: Path) -> tuple[int, int]:
    """Return a picture's width and height in pixels; fail if it is not a PNG under 150 KB."""
    content = path.read_bytes()
    assert content.startswith(b"\x89PNG\r\n\x1a\n"), path
    assert len(content) < 150_000, path
    width, height = struct.unpack(">II", content[16:24])
    return width, height


def test_the_readme_names_all_pictures_and_each_is_a_small_png():
    assert sorted(str(path.relative_to(ROOT)) for path in SCRIPT.parent.glob("*.png")) == NAMED
    sizes = {Path(name).stem: size_of(ROOT / name) for name in NAMED}
    assert sizes.keys() == {"issue-dark", "issue-light", "terminal"}
    assert sizes["issue-dark"] == sizes["issue-light"]  # the same crop, so that the page does not jump


def test_without_chromium_the_script_says_what_to_install(tmp_path):
    environment = {**os.environ, "PATH": str(tmp_path)}
    done = subprocess.run([sys.executable, SCRIPT, tmp_path], capture_output=True, text=True, env=environment)
    assert done.returncode == 1
    assert done.stderr.startswith("Chromium is missing: ")
    assert "apt-get install chromium" in done.stderr
    assert not list(tmp_path.iterdir())


def test_the_script_takes_the_pictures(tmp_path):
    if os.environ.get("DIGEST_REQUIRE_BROWSER") != "1":
        pytest.skip("takes 20 seconds in Chromium; set DIGEST_REQUIRE_BROWSER=1")
    assert CHROMIUM, "Chromium is missing"
    subprocess.run([sys.executable, SCRIPT, tmp_path], check=True, capture_output=True)
    sizes = {path.stem: size_of(path) for path in tmp_path.iterdir()}
    assert sizes.keys() == {"issue-dark", "issue-light", "terminal"}
    assert sizes["issue-dark"] == sizes["issue-light"]
    assert all(width >= 1400 for width, _ in sizes.values())
    assert (tmp_path / "issue-dark.png").read_bytes() != (tmp_path / "issue-light.png").read_bytes()
