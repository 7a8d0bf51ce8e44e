"""Templates of a home: each replaces one of the program, in a sandbox; errors name file and line."""

import subprocess
import sys
from dataclasses import fields
from pathlib import Path

import pytest
from render_sample import FRAME, ISSUE, KETTLE

from digest.errors import TemplateError
from digest.render import Renderer, archive_view, view
from digest.render.highlight import Piece
from digest.render.notice_pages import Notice
from digest.render.phrases import Found, Reason

ROOT = Path(__file__).parent.parent.parent


def renderer(home, **templates):
    for name, content in templates.items():
        data = content if isinstance(content, bytes) else content.encode()
        (home / name.replace("_", ".").replace("0", "-")).write_bytes(data)
    return Renderer(home, FRAME)


def problem(home, content, name="subject_txt"):
    with pytest.raises(TemplateError) as caught:
        renderer(home, **{name: content}).eml(ISSUE)
    return str(caught.value)


def test_one_template_of_a_home_replaces_one(tmp_path):
    own = renderer(tmp_path, subject_txt="{{ issue.new }} for you\n")
    assert own.subject(ISSUE) == "5 for you"
    assert own.html(ISSUE) == Renderer(None, FRAME).html(ISSUE)


def test_a_home_without_templates(tmp_path):
    assert Renderer(tmp_path / "none", FRAME).text(ISSUE) == Renderer(None, FRAME).text(ISSUE)


def test_the_stylesheet_can_be_replaced_alone(tmp_path):
    assert "<style>\nb { color: red; }" in renderer(tmp_path, site_css="b { color: red; }").paper(KETTLE)


def test_a_home_with_its_own_markdown_template(tmp_path):
    own = renderer(tmp_path, issue_md="# {{ issue.name|md }}\n\n<script>x</script>\n")
    assert "&lt;script&gt;x&lt;/script&gt;" in own.archive(ISSUE)


def test_a_syntax_error_is_named_with_its_line(tmp_path):
    message = problem(tmp_path, "one\n{% if %}\n")
    assert message.startswith(f"{tmp_path / 'subject.txt'}:2: ")
    assert message.endswith("; fix this template")


def test_an_unknown_name_is_named_with_its_line(tmp_path):
    assert f"{tmp_path / 'subject.txt'}:3: " in problem(tmp_path, "one\ntwo\n{{ issue.titel }}\n")
    assert "titel" in problem(tmp_path, "{{ issue.titel }}")


def test_a_mistake_in_a_part_is_named_there(tmp_path):
    (tmp_path / "part.html").write_text("\n\n{{ 1 / 0 }}")
    message = problem(tmp_path, "<p>{% include 'part.html' %}", "issue_html")
    assert message.startswith(f"{tmp_path / 'part.html'}:3: ZeroDivisionError")


def test_a_missing_part_is_named(tmp_path):
    assert "'nowhere.html'" in problem(tmp_path, "{% include 'nowhere.html' %}")


def test_a_template_that_is_not_utf_8(tmp_path):
    assert "not valid UTF-8" in problem(tmp_path, b"\xff\xfe")


@pytest.mark.parametrize(
    "trick",
    [
        "{{ issue.__class__.__mro__[1].__subclasses__() }}",
        "{{ ''.__class__ }}",
        "{{ issue|attr('__class__') }}",
        "{{ issue.name.__init__.__globals__ }}",
        "{{ self.__init__.__globals__ }}",
        "{{ cycler.__init__.__globals__.os.system('true') }}",
        "{{ '{0.__class__}'.format(issue) }}",
        "{% set _ = issue.keywords.__class__ %}{{ _ }}",
        "{{ lipsum.__globals__ }}",
        "{{ range(10 ** 9)|list }}",
        "{% include '/etc/passwd' %}",
        "{% include '../../../../etc/passwd' %}",
    ],
)
def test_templates_are_sandboxed(tmp_path, trick):
    assert problem(tmp_path, trick)


def test_templates_cannot_change_what_they_are_given(tmp_path):
    assert problem(tmp_path, "{% do issue.keywords.append(1) %}")
    assert problem(tmp_path, "{{ [1].append(2) }}")


def test_the_sandbox_escapes_html_templates_only(tmp_path):
    own = renderer(tmp_path, issue_txt="{{ '<&>' }}", issue_html="{{ '<&>' }}")
    assert (own.text(ISSUE), own.html(ISSUE)) == ("<&>", "&lt;&amp;&gt;")


def test_importing_loads_no_heavy_package():
    code = "import sys, digest.render, digest.publish; print([m for m in ('jinja2', 'markdown', 'feedgen', 'lxml') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def shown_names(kind):
    """Return the names of a view that templates see."""
    names = kind._fields if hasattr(kind, "_fields") else [field.name for field in fields(kind)]
    more = [name for name, value in vars(kind).items() if isinstance(value, property)]
    return [name for name in (*names, *more) if not name.startswith("_")]


def test_the_documentation_names_every_template_and_value():
    page = (ROOT / "docs" / "templates.md").read_text()
    for template in (ROOT / "templates").iterdir():
        assert f"`{template.name}`" in page
    views = (
        *(
            view.IssueView,
            view.SectionView,
            view.PaperView,
            archive_view.IndexView,
            archive_view.DayView,
            archive_view.SubscriptionView,
        ),
        *(archive_view.LineView, archive_view.FeedView, archive_view.PageView, Notice, Piece, Reason, Found),
    )
    for each in views:
        for name in shown_names(each):
            assert f"`{name}`" in page, f"{each.__name__}.{name}"
