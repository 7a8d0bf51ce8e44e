"""The wheel holds all that a home needs: it is built, installed and run outside of the checkout."""

import json
import os
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SAMPLES = {
    *(
        "subscriptions/example.toml.txt",
        "inbox/README.md",
        "inbox/2026-11-16-sample.txt",
        "inbox/2026-11-18-sample.txt",
    ),
    *(f"subscriptions/{name}.toml" for name in ("agents", "one-step-diffusion", "sky-and-cell")),
}


def run(*words: object, **options) -> str:
    done = subprocess.run([str(word) for word in words], capture_output=True, text=True, **options)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    folder = tmp_path_factory.mktemp("wheel")
    run(sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", folder, ROOT)
    (found,) = folder.glob("*.whl")
    return found


@pytest.fixture(scope="module")
def installed(wheel):
    """The folder into which the wheel was installed, and an environment that has it but no checkout."""
    target = wheel.parent / "installed"
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-index"]
    run(*pip, "--no-deps", "--target", target, wheel)
    # With -S below, no .pth file is read, so that an editable install in the second folder is not seen.
    paths = [str(target), sysconfig.get_path("purelib"), sysconfig.get_path("platlib")]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("DIGEST")}
    return target, {**environment, "PYTHONPATH": os.pathsep.join(paths)}


def test_what_is_in_the_wheel(wheel):
    names = set(zipfile.ZipFile(wheel).namelist())
    carried = {name.removeprefix("digest/_home/") for name in names if name.startswith("digest/_home/")}
    assert carried == {*SAMPLES, *(f"templates/{path.name}" for path in (ROOT / "templates").iterdir())}
    assert "digest/cli/main.py" in names
    tops = {name.split("/")[0] for name in names}
    assert {top for top in tops if not top.endswith(".dist-info")} == {"digest"}
    assert not [name for name in names if name.endswith((".pyc", ".db"))]
    assert [name for name in names if name.endswith("/licenses/LICENSE")]


def test_it_runs_without_the_checkout(installed, tmp_path):
    target, environment = installed
    script = target / "bin" / "digest"
    options = {"cwd": tmp_path, "env": environment}
    where = "import digest, json, os, sys; print(json.dumps([digest.__file__, list(map(os.path.realpath, sys.path))]))"
    file, paths = json.loads(run(sys.executable, "-S", "-c", where, **options))
    assert Path(file).is_relative_to(target)
    assert str(ROOT.resolve()) not in paths
    run(sys.executable, "-S", script, "init", "--samples", "papers", **options)
    home = tmp_path / "papers"
    for folder in ("inbox", "subscriptions"):
        assert {path.name for path in (home / folder).iterdir()} >= {
            path.name for path in (target / "digest/_home" / folder).iterdir()
        }
    words = ("run", "--home", "papers", "--json", "--now", "2026-11-20T09:00")
    report = json.loads(run(sys.executable, "-S", script, *words, **options))
    assert report["files"] and all(file["listed"] for file in report["files"])
    issues = [each["issue"] for each in report["subscriptions"] if each["issue"]]
    assert issues, report
    assert report["problems"] == []
    for issue in issues:
        for form in ("html", "markdown", "text", "eml"):
            assert issue[form] is None or (home / issue[form]).stat().st_size > 500
    assert (home / "output/site/index.html").exists()


def test_python_m_and_the_version(installed, tmp_path):
    _, environment = installed
    told = run(sys.executable, "-S", "-m", "digest", "--version", cwd=tmp_path, env=environment)
    assert told.startswith("digest ")
