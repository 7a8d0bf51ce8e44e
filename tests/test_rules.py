"""The rules of the house: imports go one way, nothing heavy at the door, nothing too long to read."""

import ast
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "digest"
ARCHITECTURE = Path(__file__).parents[1] / "docs" / "architecture.md"

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


# Loops compiled by numba take arrays one by one.
KERNELS = {"digest.match.index.kernels_numba", "digest.match.index.kernels_numpy"}


def functions(module: str) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(TREES[module]):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def parameters(function: ast.FunctionDef | ast.AsyncFunctionDef) -> list[ast.arg]:
    given = function.args
    found = [*given.posonlyargs, *given.args, *given.kwonlyargs]
    return [each for each in found if each.arg not in {"self", "cls"}]


@pytest.mark.parametrize("module", MODULES)
def test_modules_and_functions_are_short(module):
    assert len(MODULES[module].read_text("utf-8").splitlines()) <= 550
    for function in functions(module):
        length = (function.end_lineno or function.lineno) - function.lineno + 1
        assert length <= 60, f"{module}.{function.name} has {length} lines"


@pytest.mark.parametrize("module", sorted(MODULES.keys() - KERNELS))
def test_functions_have_few_parameters(module):
    for function in functions(module):
        assert len(parameters(function)) <= 6, f"{module}.{function.name} has too many parameters"


# What reads or writes JSON takes it as it comes.
CODECS = re.compile(r"digest\.(store\.codec|fetch\.state|read\.formats\.\w+|read\.parsing\.json_\w+)")


@pytest.mark.parametrize("module", [m for m in MODULES if not CODECS.fullmatch(m)])
def test_parameters_are_typed_values(module):
    for function in functions(module):
        if function.name.endswith(("_json", "as_json", "from_json")):
            continue
        for each in parameters(function):
            annotation = ast.unparse(each.annotation) if each.annotation else ""
            assert "dict[str, Any]" not in annotation, f"{module}.{function.name}: {each.arg}"


# zoneinfo reads tzdata without an import.
NOT_YET_IMPORTED = {"tzdata"}


def test_what_is_imported_is_declared():
    """Every third-party package that is imported is declared, and nothing is declared without use."""
    project = tomllib.loads((PACKAGE.parent / "pyproject.toml").read_text("utf-8"))["project"]
    extras = project["optional-dependencies"]
    names = [re.split(r"[\[<>=;]", each)[0] for each in project["dependencies"]]
    optional = [
        re.split(r"[\[<>=;]", each)[0] for name in ("fast", "chat", "postgres") for each in extras[name]
    ]
    found = {name.split(".")[0] for module, tree in TREES.items() for name in imported(module, tree)}
    found = {{"sklearn": "scikit-learn"}.get(name, name) for name in found}
    found -= {"digest", *sys.stdlib_module_names}
    assert {name.replace("_", "-") for name in found} == {*names, *optional} - NOT_YET_IMPORTED


# --- docs/architecture.md ------------------------------------------------------------------------


def test_the_diagram_shows_the_real_layers():
    """Every package is in its layer; every import is along the arrows, and every arrow is used."""
    diagram = ARCHITECTURE.read_text("utf-8").split("```mermaid")[1].split("```")[0]
    drawn = {
        layer: {name.split("_[")[0] for name in body.split()}
        for layer, body in re.findall(r"subgraph (\w+)\n(.*?)\n    end", diagram, re.DOTALL)
    }
    assert drawn == {layer: parts - {"digest"} for layer, parts in LAYERS}
    arrows = set(re.findall(r"(\w+) --> (\w+)", diagram))
    names = [layer for layer, _ in LAYERS]
    used = {
        (names[level_of(module)], names[level_of(other)])
        for module, tree in TREES.items()
        for other in ours(module, tree)
        if level_of(module) != level_of(other)
    }
    assert arrows <= used
    below = {name: {end for start, end in arrows if start == name} for name in names}
    for name in names:  # from the lowest layer up
        below[name] |= {further for end in below[name] for further in below[end]}
    assert all(end in below[start] for start, end in used)


def test_the_tables_name_what_exists():
    """The table of packages names each one once; the files named on the page exist."""
    page = ARCHITECTURE.read_text("utf-8")
    table = page.split("## What is where")[1].split("## Where to change what")[0]
    packages = re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE)
    assert sorted(packages) == sorted(set(LAYER_OF) - {"digest", "__main__"})
    changes = page.split("## Where to change what")[1].split("## Ideas")[0]
    root = PACKAGE.parent
    for name in re.findall(r"`([\w./-]+)`", changes):
        assert (PACKAGE / name).exists() or (root / name).exists(), name


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
