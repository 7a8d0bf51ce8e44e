"""Issues → what people read: HTML, Markdown, text, mail, and the pages of the archive.

Everything here is pure: the same issue, templates and frame give the same bytes.
"""

from digest.render.context import SiteContext
from digest.render.renderer import Renderer
from digest.render.view import ArchiveStats

__all__ = ["ArchiveStats", "Renderer", "SiteContext"]
