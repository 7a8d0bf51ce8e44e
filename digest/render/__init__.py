"""Issues as HTML, Markdown, text, mail and chat messages, and the pages of the archive.

Rendering is pure: the same issue, templates and context give the same bytes.
"""

from digest.render.archive_view import ArchiveStats
from digest.render.context import SiteContext
from digest.render.renderer import Renderer

__all__ = ["ArchiveStats", "Renderer", "SiteContext"]
