"""Golden files of what is read from the samples. To update them: `python tests/read/test_read_golden.py`."""

import json
import re
from dataclasses import asdict
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from digest.model import DigestFile
from digest.read import Loaded, files_of, load, parse, registry

HERE = Path(__file__).parent / "golden"
INBOX = Path(__file__).parents[2] / "inbox"
SAMPLES = Path(__file__).parent / "samples"
FILES = {
    "2026-11-16-sample": INBOX / "2026-11-16-sample.txt",
    "2026-11-18-sample": INBOX / "2026-11-18-sample.txt",
    **{path.name: path for path in sorted(SAMPLES.iterdir())},
}


def digest_file(path: Path) -> DigestFile:
    found = load(str(path), max_bytes=10**6)
    assert isinstance(found, Loaded), found
    fixed = Loaded(path.name, found.data, found.digest, datetime(2026, 11, 20, tzinfo=UTC))
    answer = parse(fixed, today=date(2026, 11, 20), zone=UTC)
    assert isinstance(answer, DigestFile), str(answer)
    return answer


def as_read(path: Path) -> str:
    """Return a line about the file, then a line for each listing with its fields that are not empty."""
    found = digest_file(path)
    head = {"source": found.source, "captured": found.captured.isoformat(), "guessed": found.captured_guessed}
    head |= {"note": found.note} if found.note else {}
    lines = [
        head,
        *(
            {
                key: value
                for key, value in asdict(one).items()
                if value is not None and value is not False and value != ()
            }
            for one in found.listings
        ),
    ]
    return "".join(json.dumps(line, ensure_ascii=False, default=str) + "\n" for line in lines)


@pytest.mark.parametrize("name", FILES)
def test_files_are_read_as_in_the_golden_files(name):
    assert as_read(FILES[name]).splitlines() == (HERE / f"{name}.jsonl").read_text("utf-8").splitlines()


def test_every_built_in_format_has_a_sample():
    found = {digest_file(path).source for path in FILES.values()}
    assert found == {registry.import_module(name).name for name in registry._BUILT_IN}


def test_the_samples_show_new_and_revised_papers():
    """The second sample repeats papers of the first, some of them revised, and has even more new ones."""
    assert [Path(path).stem for path in files_of(str(INBOX))] == ["2026-11-16-sample", "2026-11-18-sample"]
    first, second = (
        {one.title: one.abstract for one in digest_file(FILES[name]).listings} for name in list(FILES)[:2]
    )
    known = first.keys() & second.keys()
    revised = {title for title in known if first[title] != second[title]}
    assert (len(first), len(second), len(known), len(revised)) == (13, 15, 7, 3)
    for topic in (
        "diffusion|few-step|one-step|distill",
        r"agents?\b.*tool|benchmark",
        "protein|stellar|astronom|galax",
    ):
        assert (
            sum(bool(re.search(topic, f"{title} {text}", re.IGNORECASE)) for title, text in second.items())
            >= 3
        )


if __name__ == "__main__":
    for name, path in FILES.items():
        (HERE / f"{name}.jsonl").write_text(as_read(path), "utf-8")
