r"""Environments of TeX, and names that lost the letter of a command: `\begin{align}`, `\r{ho}`."""

import re

from digest.text.math import tables
from digest.text.math.edits import Edits
from digest.text.math.formula import formula, scripted

_NUMBERING = re.compile(r"\\(?:nonumber|notag)(?![A-Za-z])|\\(?:label|tag)\*?\{[^{}]*\}")
_ALIGNED = re.compile(r"(?<!\\)&")
_LINE_END = re.compile(r"\\\\\*?(?:\[[^\[\]]*\])?")
_ONE_FORMULA = frozenset({"equation", "multline", "split", "displaymath", "math"})


class Structures(Edits):
    """The methods of these rules."""

    def environment(self, found: re.Match[str]) -> int:
        """Show the formulae of an environment in one line, those of several lines with semicolons between them."""
        between = " " if found["environment_name"] in _ONE_FORMULA else "; "
        lines = _LINE_END.split(_ALIGNED.sub(" ", _NUMBERING.sub("", found["environment_lines"])))
        return self.replace(found, between.join(filter(None, map(formula, lines))))

    def around_text(self, found: re.Match[str]) -> int:
        r"""Remove `\begin{itemize}`, `\end{itemize}` and `\item`, with the space after them."""
        return self.replace(found, "")

    def broken(self, found: re.Match[str]) -> int:
        r"""Convert `\r{ho}`, which a program made of `\rho`."""
        return self.replace(found, tables.SYMBOLS[found[0][1] + found[0][3:-1]])

    def term(self, found: re.Match[str]) -> int:
        """Raise the multiplicity of a spectroscopic term, `{2S+1}L_J` or `{3}P_0`, which lost its `^`."""
        return self.replace(found, scripted("^", found["multiplicity"]))

    def ring(self, found: re.Match[str]) -> int:
        """Convert a composition with an index, `circ_i`."""
        return self.replace(found, tables.SYMBOLS["circ"] + scripted("_", found["ring_index"]))
