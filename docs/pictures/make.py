"""Make the pictures of the README from the samples: a mail, light and dark, and a run in a terminal.

    python docs/pictures/make.py [FOLDER]

The script copies the samples into a temporary home, runs `digest run` there at a fixed time, and writes the
screenshots into FOLDER (default: the folder of this script). It needs Chromium, which it drives through the DevTools
pipe. With the same version of Chromium and the same fonts, the pictures are the same each time.
"""

import base64
import html
import io
import itertools
import json
import os
import shutil
import struct
import subprocess
import sys
import tempfile
import tomllib
import zlib
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
NOW = "2026-11-19T09:00+00:00"  # the day after the newest sample, when the mail below is due
MAIL = "output/issues/agents/2026-11-19-1.html"  # the file is the HTML part of the mail

CHROMIUM = ("chromium", "chromium-browser", "google-chrome")
FLAGS = (
    *("--headless", "--disable-gpu", "--hide-scrollbars", "--no-first-run", "--disable-sync"),
    *("--disable-background-networking", "--disable-component-update", "--remote-debugging-pipe"),
)
SCALE = 2  # device pixels in a CSS pixel
WIDTH = 700  # CSS pixels, as are the heights
SHORTEST, TALLEST, MARGIN = 700, 1000, 28  # where the mail may be cut, and the space below its last line
LIMIT = 150_000  # bytes of a picture

# The page is transparent outside the rounded corners, so that the pictures suit a light and a dark background.
FRAME = """<!DOCTYPE html><meta charset="utf-8"><style>
body {{ margin: 0 }}
.frame {{ box-sizing: border-box; width: max-content; min-width: {width}px; overflow: hidden; border: 1px solid; border-radius: 10px }}
.mail {{ width: {width}px; height: {height}px; border-color: #d0d7de }}
@media (prefers-color-scheme: dark) {{ .mail {{ border-color: #3d444d }} }}
iframe {{ display: block; border: 0; width: 100%; height: 100% }}
.terminal {{ background: #15181c; color: #e6e8ea; border-color: #3d444d }}
.bar {{ display: flex; gap: 8px; padding: 12px 16px; background: #22262c }}
.bar i {{ width: 11px; height: 11px; border-radius: 6px; background: #4a515a }}
pre {{ margin: 0; padding: 16px 20px 20px; font: 13px/20px "DejaVu Sans Mono", monospace }}
.prompt {{ color: #7ec699 }}
</style>{body}"""
TERMINAL = (
    '<div class="frame terminal"><div class="bar"><i></i><i></i><i></i></div>'
    '<pre><span class="prompt">$</span> {command}\n{output}</pre></div>'
)
PIXELS = """(async () => {{
  const picture = await fetch("data:image/png;base64,{png}").then((answer) => answer.blob()).then(createImageBitmap);
  const context = new OffscreenCanvas(picture.width, picture.height).getContext("2d");
  context.drawImage(picture, 0, 0);
  const bytes = context.getImageData(0, 0, picture.width, picture.height).data;
  let text = "";
  for (let at = 0; at < bytes.length; at += 32768) text += String.fromCharCode(...bytes.subarray(at, at + 32768));
  return [picture.width, picture.height, btoa(text)];
}})()"""

Pixels = NDArray[np.uint8]  # height, width, 4: red, green, blue, alpha


class Browser:
    """A page of a headless Chromium, driven by the DevTools protocol: JSON messages that end in a zero byte."""

    def __init__(self, program: str, folder: Path) -> None:
        self._folder = folder
        self._numbers = itertools.count(1)
        self._session: dict[str, str] = {}
        self._unread = b""
        # Chromium reads commands from file descriptor 3 and answers on 4. As root it runs only without its sandbox.
        flags = [
            *FLAGS,
            f"--user-data-dir={folder / 'chromium'}",
            *(["--no-sandbox"] if not os.geteuid() else []),
        ]
        self._process = subprocess.Popen(
            ["/bin/sh", "-c", 'exec "$0" "$@" 3<&0 4>&1 </dev/null >/dev/null 2>&1', program, *flags],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        target = self._call("Target.createTarget", url="about:blank")["targetId"]
        attached = self._call("Target.attachToTarget", targetId=target, flatten=True)
        self._session = {"sessionId": attached["sessionId"]}
        self._call("Page.enable")
        self._call("Emulation.setDefaultBackgroundColorOverride", color={"r": 0, "g": 0, "b": 0, "a": 0})

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.communicate()

    def picture(self, body: str, *, height: int = TALLEST, scheme: str = "light") -> Pixels:
        """Return the pixels of the frame in a page with this body."""
        page = self._folder / "page.html"
        page.write_text(FRAME.format(width=WIDTH, height=height, body=body), "utf-8")
        size = {"width": WIDTH, "height": TALLEST, "deviceScaleFactor": SCALE}
        self._call("Emulation.setDeviceMetricsOverride", mobile=False, **size)
        self._call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])
        self._call("Page.navigate", url=page.as_uri())
        while self._message().get("method") != "Page.loadEventFired":
            pass
        frame = self._evaluate('document.querySelector(".frame").getBoundingClientRect().toJSON()')
        clip = {**{side: frame[side] for side in ("x", "y", "width", "height")}, "scale": 1}
        png = self._call("Page.captureScreenshot", clip=clip, captureBeyondViewport=True)["data"]
        width, height, pixels = self._evaluate(PIXELS.format(png=png))
        return np.frombuffer(base64.b64decode(pixels), np.uint8).reshape(height, width, 4)

    def _evaluate(self, script: str) -> Any:
        done = self._call("Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True)
        return done["result"]["value"]

    def _call(self, method: str, **params: object) -> dict[str, Any]:
        number = next(self._numbers)
        assert self._process.stdin
        message = {"id": number, "method": method, "params": params, **self._session}
        self._process.stdin.write(json.dumps(message).encode() + b"\0")
        self._process.stdin.flush()
        while (answer := self._message()).get("id") != number:
            pass
        if "error" in answer:
            sys.exit(f"Chromium rejected {method}: {answer['error']['message']}")
        result: dict[str, Any] = answer["result"]
        return result

    def _message(self) -> dict[str, Any]:
        assert self._process.stdout
        while b"\0" not in self._unread:
            more = os.read(self._process.stdout.fileno(), 1 << 20)
            if not more:
                sys.exit("Chromium ended early; start it by hand with --headless to see why.")
            self._unread += more
        text, self._unread = self._unread.split(b"\0", 1)
        message: dict[str, Any] = json.loads(text)
        return message


def run_samples(home: Path) -> str:
    """Make a home of the samples, run there, and return what a terminal shows, with its colours."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    for sample in project["tool"]["hatch"]["build"]["targets"]["wheel"]["force-include"]:
        if (ROOT / sample).is_file():  # the templates are found without a copy
            (home / sample).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / sample, home / sample)
    environment = {name: value for name, value in os.environ.items() if not name.startswith("DIGEST")}
    environment.pop("NO_COLOR", None)
    environment |= {"PYTHONPATH": str(ROOT), "FORCE_COLOR": "1", "TERM": "xterm-256color"}
    done = subprocess.run(
        [sys.executable, "-m", "digest", "run", "--now", NOW],
        check=False,
        cwd=home,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    if done.returncode:
        sys.exit(f"digest run failed on the samples:\n{done.stdout}")
    return done.stdout


def terminal(command: str, output: str) -> str:
    """Return the HTML of a terminal window that shows a command and its coloured output."""
    from rich.console import Console
    from rich.terminal_theme import TerminalTheme
    from rich.text import Text

    basic = [(0x15, 0x18, 0x1C), (0xF0, 0x7A, 0x78), (0x7E, 0xC6, 0x99), (0xE8, 0xB9, 0x5A)]
    basic += [(0x8F, 0xB8, 0xF6), (0xC9, 0xA0, 0xF0), (0x7F, 0xCF, 0xD6), (0xE6, 0xE8, 0xEA)]
    console = Console(record=True, file=io.StringIO(), width=160, color_system="truecolor")
    console.print(Text.from_ansi(output), soft_wrap=True)
    coloured = console.export_html(
        theme=TerminalTheme(basic[0], basic[-1], basic), inline_styles=True, code_format="{code}"
    )
    return TERMINAL.format(command=command, output=coloured.rstrip())


def mail(path: Path) -> str:
    """Return the HTML of a frame that shows the HTML of a mail."""
    return f'<div class="frame mail"><iframe srcdoc="{html.escape(path.read_text("utf-8"))}"></iframe></div>'


def cut(pixels: Pixels) -> int:
    """Return the height at which the picture of a mail ends: in the tallest gap below a line of text."""
    inner = pixels[:, 20:-20]  # without the frame
    gaps = [(0, TALLEST * SCALE)]
    below_text, row = False, 0
    for empty, band in itertools.groupby((inner == inner[:, :1]).all(axis=(1, 2))):
        size = len(list(band))
        if empty and below_text and row >= SHORTEST * SCALE:
            gaps.append((size, row))
        below_text = not empty and size > 2 * SCALE  # thinner is a rule, and would stand alone at the end
        row += size
    size, row = max(gaps)
    return (row + min(size, MARGIN * SCALE)) // SCALE


def png(pixels: Pixels) -> bytes:
    """Return a PNG with a palette, in which similar colours are merged until it is smaller than the limit."""
    height, width, _ = pixels.shape
    flat, places, counts = np.unique(pixels.view("<u4"), return_inverse=True, return_counts=True)
    colours = flat.view(np.uint8).reshape(-1, 4)
    by_use = np.argsort(counts, kind="stable")
    for bits in range(8, 2, -1):
        cells = np.unique(colours >> (8 - bits), axis=0, return_inverse=True)[1].reshape(-1)
        if (used := cells.max() + 1) > 256:
            continue
        palette = np.zeros((used, 4), np.uint8)
        palette[cells[by_use]] = colours[by_use]  # of similar colours, the most frequent one is written last
        rows = np.zeros((height, width + 1), np.uint8)  # each begins with its filter: none
        rows[:, 1:] = cells[places].reshape(height, width)
        made = b"\x89PNG\r\n\x1a\n" + b"".join(
            struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
            for name, data in (
                (b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)),
                (b"PLTE", palette[:, :3].tobytes()),
                (b"tRNS", palette[:, 3].tobytes()),
                (b"IDAT", zlib.compress(rows.tobytes(), 9)),
                (b"IEND", b""),
            )
        )
        if len(made) < LIMIT:
            return made
    sys.exit(f"A picture of {width} × {height} pixels does not fit in {LIMIT} bytes; lower TALLEST or SCALE.")


def main(folder: Path) -> None:
    """Write the three pictures into a folder and print their sizes."""
    program = next(filter(None, map(shutil.which, CHROMIUM)), None)
    if program is None:
        sys.exit(
            f"Chromium is missing: none of {', '.join(CHROMIUM)} is on the PATH. "
            "Install it (Debian, Ubuntu: apt-get install chromium fonts-liberation fonts-dejavu)."
        )
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as temporary:
        place = Path(temporary)
        output = run_samples(place / "home")
        letter = mail(place / "home" / MAIL)
        with Browser(program, place) as browser:
            height = cut(browser.picture(letter))
            pictures = {
                "issue-light": browser.picture(letter, height=height),
                "issue-dark": browser.picture(letter, height=height, scheme="dark"),
                "terminal": browser.picture(terminal("digest run", output)),
            }
    for name, pixels in pictures.items():
        path = folder / f"{name}.png"
        path.write_bytes(png(pixels))
        print(f"{path.name}: {pixels.shape[1]} × {pixels.shape[0]} pixels, {path.stat().st_size:,} bytes")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else HERE)
