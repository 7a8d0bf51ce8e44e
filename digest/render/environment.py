"""The Jinja environment: where templates come from, what they may do, and errors in them."""

import traceback
from collections.abc import Mapping
from functools import cache, lru_cache
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from digest.errors import TemplateError
from digest.i18n.language import ENGLISH, Language
from digest.render import fragments, markdown, plain_text
from digest.render.highlight import Piece, marked, text_of
from digest.system.resources import folder
from digest.text.direction import isolated

if TYPE_CHECKING:
    from jinja2 import BytecodeCache, Environment


def make_environment(home_templates: Path | None, language: Language = ENGLISH) -> "Environment":
    """Return an environment that looks each template up in the home first, then in the program.

    Templates of a home run in a sandbox: they can read their values and nothing behind them. Undefined names are
    errors. `.html` templates escape what they print, the others do not. `_()` translates into `language`.
    """
    from jinja2 import ChoiceLoader, FileSystemLoader, StrictUndefined

    folders = [folder("templates")] if home_templates is None else [home_templates, folder("templates")]
    kind = _sandbox() if home_templates is not None and own_templates(home_templates) else _trusting()
    environment = kind(
        loader=ChoiceLoader([FileSystemLoader(each) for each in folders]),
        autoescape=lambda name: name is not None and name.endswith(".html"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        auto_reload=False,
        bytecode_cache=_compiled(language.code, kind.__name__),
        extensions=["jinja2.ext.i18n"],
    )
    environment.message = language.message  # type: ignore[attr-defined]
    environment.install_gettext_callables(  # type: ignore[attr-defined]
        language.message, language.plural, newstyle=True
    )
    environment.filters |= {
        "md": markdown.escape,
        "bold": markdown.bold,
        "target": markdown.link_target,
        "wrap": plain_text.wrap,
        "underline": plain_text.underline,
        "plain": text_of,
        "isolate": _isolated,
        "number": language.number,
        "marked": _marked,
        "strong": _strong,
        "linked": _linked,
        "text": _text,
        "markdown": _sentence,
        "href": _href,
    }
    return environment


def own_templates(home_templates: Path) -> frozenset[str]:
    """Return the names of a home's templates: of all files but hidden ones and `README` files."""
    if not home_templates.is_dir():
        return frozenset()
    files = (path.name for path in home_templates.iterdir() if path.is_file())
    return frozenset(name for name in files if not name.startswith((".", "README")))


@cache
def _sandbox() -> "type[Environment]":
    """Return the kind of environment in which templates of a home run."""
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    class Sandbox(ImmutableSandboxedEnvironment):
        """The sandbox, with a fast path for the fields of our own views."""

        def getattr(self, obj: Any, attribute: str) -> Any:
            if attribute in _public_fields(type(obj)):  # type: ignore[arg-type]
                return getattr(obj, attribute)
            return super().getattr(obj, attribute)

    return Sandbox


@cache
def _trusting() -> "type[Environment]":
    """Return the kind of environment for the program's own templates, several times as fast."""
    from digest.render.translated import TranslatedEnvironment

    return TranslatedEnvironment


@cache
def _compiled(_language: str, _kind: str) -> "BytecodeCache":
    """Return the compiled templates that the environments of a language share.

    Jinja compiles a template in a few hundredths of a second, and a service makes an environment for each run.
    A template whose text has changed is compiled again. Languages have caches of their own: a filter of
    a constant is computed when the template is compiled. So have kinds of environments: calls are compiled
    differently.
    """
    from jinja2 import BytecodeCache
    from jinja2.bccache import Bucket

    class InMemory(BytecodeCache):
        """Keeps the last code of each template file."""

        def __init__(self) -> None:
            self._kept: dict[str, Bucket] = {}

        def load_bytecode(self, bucket: Bucket) -> None:
            kept = self._kept.get(bucket.key)
            if kept is not None and kept.checksum == bucket.checksum:
                bucket.code = kept.code

        def dump_bytecode(self, bucket: Bucket) -> None:
            self._kept[bucket.key] = bucket

    return InMemory()


@lru_cache(maxsize=256)
def _public_fields(kind: type) -> frozenset[str]:
    """Return the fields of a view (a dataclass or a named tuple) that templates may read."""
    names = getattr(kind, "__dataclass_fields__", ()) or getattr(kind, "_fields", ())
    return frozenset(name for name in names if not name.startswith("_"))


def _marked(parts: tuple[Piece, ...], opening: str) -> "Markup":
    """Return pieces as HTML, the matched ones inside the tag `opening`."""
    return Markup(marked(parts, opening))  # noqa: S704 - `marked` escapes every piece


def _strong(parts: tuple[Piece, ...], *, start: bool = False) -> "Markup":
    """Return pieces as HTML, the matched ones in bold."""
    return Markup(fragments.strong(parts, start=start))  # noqa: S704 - `strong` escapes every piece


def _sentence(text: str) -> "Markup":
    """Return a paragraph of Markdown as HTML, without its tag."""
    return Markup(markdown.sentence(text))  # noqa: S704 - the converter shows HTML as text


def _linked(parts: tuple[Piece, ...], *, title: bool = False) -> "Markup":
    """Return a title or an abstract as HTML, with its links and the matches in bold."""
    return Markup(fragments.linked(parts, title=title))  # noqa: S704 - made of escaped text and safe links


def _href(url: str) -> "Markup":
    """Return the attribute of a link on an archive page; nothing for an address to which it does not link."""
    return Markup(f' href="{escape(url)}"' if markdown.linkable(url) else "")  # noqa: S704 - it is escaped


def _isolated(text: str) -> str:
    """Return `isolated` of a text or of HTML."""
    return type(text)(isolated(text))


def _text(text: str) -> "Markup":
    """Return a text as HTML between tags, where quotes stay."""
    return Markup(escape(text, quote=False))  # noqa: S704 - it is escaped


def render(environment: "Environment", name: str, values: Mapping[str, Any]) -> str:
    """Render a template. Raises TemplateError, which names the file, the line and the reason."""
    from jinja2 import TemplateNotFound, TemplateSyntaxError

    try:
        return environment.get_template(name).render(values)
    except TemplateSyntaxError as error:
        place = error.filename or error.name or name
        raise TemplateError(f"{place}:{error.lineno}: {error.message}; fix this template") from error
    except TemplateNotFound as error:
        raise TemplateError(f"{name}: the template {error.name!r} does not exist; check its name") from error
    except UnicodeDecodeError as error:
        raise TemplateError(f"{name}: is not valid UTF-8; save the template as UTF-8") from error
    except Exception as error:  # a template may do anything that Python's expressions can
        place = _place(environment, error, name)
        reason = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
        raise TemplateError(f"{place}: {reason}; fix this template") from error


def _place(environment: "Environment", error: Exception, name: str) -> str:
    """Return the template file and line where rendering failed: the innermost one of the traceback."""
    files = {_file_of(environment, each) for each in environment.list_templates()}
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        if frame.filename in files:
            return f"{frame.filename}:{frame.lineno}"
    return _file_of(environment, name)


def _file_of(environment: "Environment", name: str) -> str:
    assert environment.loader is not None
    try:
        return environment.loader.get_source(environment, name)[1] or name
    except Exception:  # noqa: BLE001 - a file that cannot be read is not the one that failed
        return name
