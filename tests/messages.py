"""All translatable messages of the program and its templates."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from jinja2 import Environment, nodes

ROOT = Path(__file__).parents[1]
Message = str | tuple[str, str]  # a pair of singular and plural if there is one
PLURAL = {"ngettext", "plural"}
TRANSLATING = {"gettext", "_", *PLURAL}
# Modules that pass on messages of others.
FORWARDING = {"digest/i18n/language.py", "digest/i18n/catalogue.py"}


@cache
def messages() -> tuple[tuple[Message, str], ...]:
    """Each message with the file that uses it. Raises ValueError for a message that is not a literal."""
    return tuple(_messages())


def _messages() -> Iterator[tuple[Message, str]]:
    for path in sorted((ROOT / "digest").rglob("*.py")):
        name = path.relative_to(ROOT).as_posix()
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Attribute)
                and node.func.attr in TRANSLATING
            ):
                arguments = [each.value if isinstance(each, ast.Constant) else None for each in node.args]
                yield from _message(node.func.attr, arguments, name)
    environment = Environment(extensions=["jinja2.ext.i18n"], autoescape=True)
    for path in sorted((ROOT / "templates").iterdir()):
        for call in environment.parse(path.read_text("utf-8")).find_all(nodes.Call):
            if isinstance(call.node, nodes.Name) and call.node.name in TRANSLATING:
                arguments = [each.value if isinstance(each, nodes.Const) else None for each in call.args]
                yield from _message(call.node.name, arguments, f"templates/{path.name}")


def _message(function: str, arguments: list[object], file: str) -> Iterator[tuple[Message, str]]:
    wanted = arguments[: 2 if function in PLURAL else 1]
    texts = [word for word in wanted if isinstance(word, str)]
    if texts and len(texts) == len(wanted):
        yield (texts[0] if len(texts) == 1 else (texts[0], texts[1])), file
    elif file not in FORWARDING:
        raise ValueError(f"{file}: a message of {function}() is not a literal")
