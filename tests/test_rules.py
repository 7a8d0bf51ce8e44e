"""The rules of the house: imports go one way, nothing heavy at the door, nothing too long to read."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "digest"

# Each may import from its own row and from those above it; a part is the first word after `digest`.
LAYERS = (
    ("values", {"digest", "model", "errors", "text", "i18n", "identity", "urls", "signing"}),
    ("decisions", {"ports", "diff", "match", "rank", "compose"}),
    ("system", {"system"}),
    ("edges", {"home", "fetch", "read", "store", "render", "publish", "deliver", "summarize"}),
    ("pipeline", {"pipeline"}),
    ("services", {"services"}),
    ("interfaces", {"cli", "web", "scheduler", "__main__"}),
)
LAYER_OF = {part: number for number, (_, parts) in enumerate(LAYERS) for part in parts}
LEVEL = {name: number for number, (name, _) in enumerate(LAYERS)}
PURE = (LEVEL["values"], LEVEL["decisions"])

HEAVY = {
    *("sklearn", "sqlalchemy", "jinja2", "rich", "feedgen", "markdown", "apscheduler", "msgspec", "numpy"),
    *("scipy", "lxml", "charset_normalizer", "cryptography", "smtplib", "feedparser", "httpx", "httpcore"),
    *("stamina", "babel", "starlette", "uvicorn", "anyio", "click"),
}
# What touches the world; `pathlib` is a value as long as nobody asks it for a file.
WORLD = {
    *("os", "io", "socket", "subprocess", "shutil", "tempfile", "sqlite3", "random", "secrets", "time"),
    *("threading", "glob", "http", "ssl", "smtplib", "sqlalchemy"),
}
READS_THE_CLOCK = {"now", "utcnow", "today"}


def name_of(path: Path) -> str:
    parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {name_of(path): path for path in sorted(PACKAGE.rglob("*.py"))}
TREES = {name: ast.parse(path.read_text("utf-8")) for name, path in MODULES.items()}


def part_of(module: str) -> str:
    return module.split(".")[1] if "." in module else module


def level_of(module: str) -> int:
    return LAYER_OF[part_of(module)]


def imported(module: str, tree: ast.AST) -> Iterator[str]:
    """Return every module that is imported anywhere in a tree, also within functions and for types."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module}:{node.lineno}: a relative import"
            for alias in node.names:
                whole = f"{node.module}.{alias.name}"
                yield whole if whole in MODULES else str(node.module)


def ours(module: str, tree: ast.AST) -> set[str]:
    return {name for name in imported(module, tree) if name in MODULES and name != module}


def at_import(module: str) -> set[str]:
    """Return what is imported when the module is: not what stands in functions or is for types only."""
    found: set[str] = set()
    waiting: list[ast.AST] = list(TREES[module].body)
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            continue
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            continue
        if isinstance(node, ast.Import | ast.ImportFrom):
            found |= ours(module, node)
        waiting += ast.iter_child_nodes(node)
    return found


def test_every_module_has_its_place():
    assert len(MODULES) > 40
    assert {part_of(module) for module in MODULES} <= LAYER_OF.keys()


@pytest.mark.parametrize("module", MODULES)
def test_imports_go_one_way(module):
    for other in ours(module, TREES[module]):
        assert level_of(other) <= level_of(module), f"{module} imports {other}, which is above it"


@pytest.mark.parametrize("module", [m for m in MODULES if level_of(m) == LEVEL["edges"]])
def test_edges_know_nothing_of_each_other(module):
    edges = {part_of(o) for o in ours(module, TREES[module]) if level_of(o) == LEVEL["edges"]}
    assert edges <= {part_of(module)}


def cycle(graph: dict[str, set[str]]) -> list[str] | None:
    """Return a cycle of a graph, None if there is none."""
    done: set[str] = set()

    def follow(name: str, way: list[str]) -> list[str] | None:
        if name in way:
            return [*way[way.index(name) :], name]
        if name in done:
            return None
        for other in sorted(graph[name]):
            if found := follow(other, [*way, name]):
                return found
        done.add(name)
        return None

    return next((found for name in sorted(graph) if (found := follow(name, []))), None)


def test_there_are_no_cycles():
    """Not between modules as they are loaded, and not between parts at all."""
    assert cycle({"a": {"b"}, "b": {"c"}, "c": {"b"}}) == ["b", "c", "b"]
    assert cycle({module: at_import(module) for module in MODULES}) is None
    parts: dict[str, set[str]] = {part_of(module): set() for module in MODULES}
    for module in MODULES:
        others = {part_of(other) for other in ours(module, TREES[module])} - {"digest", part_of(module)}
        parts[part_of(module)] |= others
    assert cycle(parts) is None


# Package data is code: the catalogue of messages is read from beside the module.
READS_PACKAGE_DATA = {"digest.i18n.catalogue"}


@pytest.mark.parametrize("module", sorted({m for m in MODULES if level_of(m) in PURE} - READS_PACKAGE_DATA))
def test_deciding_is_pure(module):
    tree = TREES[module]
    assert not {name.split(".")[0] for name in imported(module, tree)} & WORLD
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            assert called not in {"open", "print", "input", *READS_THE_CLOCK}, f"{module}:{node.lineno}"


@pytest.mark.parametrize("module", MODULES)
def test_nothing_is_too_long_to_read(module):
    assert len(MODULES[module].read_text("utf-8").splitlines()) <= 600
    for node in ast.walk(TREES[module]):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            length = (node.end_lineno or node.lineno) - node.lineno + 1
            assert length <= 80, f"{module}.{node.name} has {length} lines"


@pytest.mark.parametrize(
    "script",
    [
        "import digest.cli.main",
        "import digest.cli.main; digest.cli.main.build_parser()[0].format_help()",
        "HELP",
    ],
)
def test_nothing_heavy_at_the_door(script):
    if script == "HELP":
        script = "from digest.cli.main import main\ntry: main(['--help'])\nexcept SystemExit: pass"
    ending = "\nimport sys; print(chr(10).join(sorted({name.split('.')[0] for name in sys.modules})))"
    done = subprocess.run([sys.executable, "-c", script + ending], capture_output=True, text=True, check=True)
    loaded = set(done.stdout.splitlines())
    assert "digest" in loaded
    assert not loaded & HEAVY
