"""What plug-ins do in a run: rankers and forms of issues, with their settings. Recipients never depend on them."""

from collections.abc import Callable

from digest.errors import MissingError
from digest.home.secrets import plugin_settings
from digest.model import Home, Issue, Paper
from digest.ports import FormPlugIn, PlugInSettings, RankerPlugIn
from digest.system import plugins


def ranker_of(home: Home, name: str) -> Callable[[Paper], float]:
    """Return the worth of a paper, from 0 to 1, as a ranker plug-in has it.

    The result raises ValueError for another number, RuntimeError if the plug-in cannot be loaded, and whatever the
    plug-in raises.
    """
    settings = settings_of(home, name)

    def worth(paper: Paper) -> float:
        try:
            plug_in: RankerPlugIn = plugins.load("ranker", name)
            value = float(plug_in.worth(paper, settings))
        except MissingError as error:
            raise RuntimeError(str(error)) from error
        if not 0 <= value <= 1:
            raise ValueError(f"the ranker plug-in {name} returned {value:g}, not a number from 0 to 1")
        return value

    return worth


def form_of(home: Home, name: str) -> Callable[[Issue], bytes]:
    """Return what renders the issue file of a form plug-in. Raises MissingError if it cannot be loaded."""
    plug_in: FormPlugIn = plugins.load("form", name)
    settings = settings_of(home, name)

    def render(issue: Issue) -> bytes:
        content: object = plug_in.render(issue, settings)
        if not isinstance(content, bytes):
            raise TypeError(f"the form plug-in {name} returned {type(content).__name__}, not bytes")
        return content

    return render


def settings_of(home: Home, name: str) -> PlugInSettings:
    """Return the settings of a plug-in: the table [plugins.NAME]."""
    return plugin_settings(home, f"plugins.{name}", home.settings.plugins.get(name, {}))
