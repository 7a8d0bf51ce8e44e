"""Issues → what people read: HTML, Markdown, text, mail, and the pages of the archive.

Everything here is pure: the same issue, templates and frame give the same bytes.
"""

from digest.render.frame import Frame, IssueLine
from digest.render.renderer import Renderer

__all__ = ["Frame", "IssueLine", "Renderer"]
