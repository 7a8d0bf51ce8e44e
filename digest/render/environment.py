"""Jinja2, set up once: where templates are looked for, what they may do, and what went wrong in them."""

import traceback
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from digest.errors import TemplateProblem
from digest.render import md, plain
from digest.render.highlight import Piece
from digest.resources import folder

if TYPE_CHECKING:
    from jinja2 import Environment


def make_environment(home_templates: Path | None) -> "Environment":
    """Return an environment that looks each template up in the home first, then in the program.

    Templates run sandboxed: they see values, and reach nothing behind them. What is undefined is an
    error; `.html` templates escape what they print, the others do not.
    """
    from jinja2 import ChoiceLoader, FileSystemLoader, StrictUndefined
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    folders = [folder("templates")] if home_templates is None else [home_templates, folder("templates")]
    environment = ImmutableSandboxedEnvironment(
        loader=ChoiceLoader([FileSystemLoader(each) for each in folders]),
        autoescape=lambda name: name is not None and name.endswith(".html"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        auto_reload=False,
    )
    environment.filters |= {
        "md": md.escape,
        "bold": md.bold,
        "target": md.link_target,
        "wrap": plain.wrap,
        "underline": plain.underline,
        "plain": _plain,
    }
    return environment


def _plain(pieces: tuple[Piece, ...]) -> str:
    """Return pieces as the text that they are cut from."""
    return "".join(piece.text for piece in pieces)


def render(environment: "Environment", name: str, values: Mapping[str, Any]) -> str:
    """Render a template. Raises TemplateProblem, which names the file, the line and the reason."""
    from jinja2 import TemplateNotFound, TemplateSyntaxError

    try:
        return environment.get_template(name).render(values)
    except TemplateSyntaxError as error:
        place = error.filename or error.name or name
        raise TemplateProblem(f"{place}:{error.lineno}: {error.message}; mend this template") from error
    except TemplateNotFound as error:
        raise TemplateProblem(f"{name}: there is no template {error.name!r}; check its name") from error
    except UnicodeDecodeError as error:
        raise TemplateProblem(f"{name}: is not UTF-8; save the template as UTF-8") from error
    except Exception as error:  # a template may do anything that Python's expressions can
        place = _place(environment, error, name)
        reason = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
        raise TemplateProblem(f"{place}: {reason}; mend this template") from error


def _place(environment: "Environment", error: Exception, name: str) -> str:
    """Return the template file and line that were being rendered: the innermost of the traceback's."""
    known = {_file_of(environment, each) for each in environment.list_templates()}
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        if frame.filename in known:
            return f"{frame.filename}:{frame.lineno}"
    return _file_of(environment, name)


def _file_of(environment: "Environment", name: str) -> str:
    assert environment.loader is not None
    try:
        return environment.loader.get_source(environment, name)[1] or name
    except Exception:  # noqa: BLE001 - a file that cannot be read is not the one we look for
        return name
