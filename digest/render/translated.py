"""What is done when the program's own templates are compiled instead of each time they are rendered.

`_("This digest is run by %(contact)s.", contact=x)` becomes its translation with `x` in between, as each language compiles its own
templates. Style sheets are put in.
"""

import re
from collections.abc import Callable

from jinja2 import Environment, nodes
from jinja2.compiler import CodeGenerator, Frame
from jinja2.visitor import NodeTransformer

_PLACE = re.compile(r"%\((\w+)\)s")


class _Direct(CodeGenerator):
    """Compiles `issue.name` to that attribute; the program's templates use no key of a dict in this way."""

    def visit_Getattr(self, node: nodes.Getattr, frame: Frame) -> None:  # noqa: N802 - named after the node
        self.write("(")
        self.visit(node.node, frame)
        self.write(f").{node.attr}")


class TranslatedEnvironment(Environment):
    """An environment for templates that need no sandbox: they are the program's.

    `language.message` translates; it is set before the first template is loaded.
    """

    message: Callable[[str], str] = staticmethod(str)
    code_generator_class = _Direct

    def _parse(self, source: str, name: str | None, filename: str | None) -> nodes.Template:
        tree = super()._parse(source, name, filename)
        _Parts(self).visit(tree)
        _Messages(self.message).visit(tree)
        tree.set_environment(self)  # of the new nodes
        return tree


class _Parts(NodeTransformer):
    """Replaces an `include` of a file without expressions, such as a style sheet, with its text."""

    def __init__(self, environment: Environment) -> None:
        self._environment = environment

    def visit_Include(self, node: nodes.Include) -> nodes.Node | list[nodes.Node]:  # noqa: N802
        if not isinstance(node.template, nodes.Const) or self._environment.loader is None:
            return node
        source, filename, _ = self._environment.loader.get_source(self._environment, node.template.value)
        body = self._environment.parse(source, node.template.value, filename).body
        texts = [
            text for part in body for text in (part.nodes if isinstance(part, nodes.Output) else (part,))
        ]
        return body if all(isinstance(each, nodes.TemplateData) for each in texts) else node


class _Messages(NodeTransformer):
    """Replaces calls of `_` with a constant message."""

    def __init__(self, message: Callable[[str], str]) -> None:
        self._message = message
        self._filled: dict[
            int, nodes.Concat
        ] = {}  # messages with their values; Jinja allows no kind of node for them

    def visit_Output(self, node: nodes.Output) -> nodes.Output:  # noqa: N802 - named after the node
        self.generic_visit(node)
        # What is printed one after the other need not be joined first.
        node.nodes = [
            part
            for child in node.nodes
            for part in (self._filled[id(child)].nodes if id(child) in self._filled else (child,))
        ]
        return node

    def visit_Call(self, node: nodes.Call) -> nodes.Expr:  # noqa: N802
        self.generic_visit(node)
        called = node.node
        if not (isinstance(called, nodes.Name) and called.name == "_" and len(node.args) == 1):
            return node
        text = node.args[0]
        if not isinstance(text, nodes.Const) or node.dyn_args or node.dyn_kwargs:
            return node
        values = {each.key: each.value for each in node.kwargs}
        pieces = _PLACE.split(self._message(text.value))
        if "%" in "".join(pieces[::2]).replace("%%", "") or not values.keys() >= set(pieces[1::2]):
            return node
        parts = [
            values[piece] if place % 2 else _text(piece, node.lineno)
            for place, piece in enumerate(pieces)
            if place % 2 or piece
        ]
        if len(parts) == 1:
            return parts[0]
        filled = nodes.Concat(parts, lineno=node.lineno)
        self._filled[id(filled)] = filled
        return filled


def _text(piece: str, line: int) -> nodes.Expr:
    text = nodes.Const(piece.replace("%%", "%"), lineno=line)
    return nodes.MarkSafeIfAutoescape(text, lineno=line)
