"""Fill the page's template."""

import base64
import hashlib
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from pairfix.errors import OutputError
from pairfix.formats.atomic import check_target
from pairfix.image import Picture
from pairfix.output.html import histogram
from pairfix.output.html.scores import Score
from pairfix.output.html.view import make_view
from pairfix.output.report import Restoration

__all__ = ["check_page", "render_page"]

_SUFFIXES = (".html", ".htm")


def check_page(path: Path, *, overwrite: bool) -> None:
    """Find out before a long computation whether a page can be written.

    Raises:
        OutputError: Its name does not end in .html, or as `pairfix.formats.atomic.check_target`.
    """
    if path.suffix.lower() not in _SUFFIXES:
        raise OutputError(f"{path} is no name of a web page", "end it in .html")
    check_target(path, overwrite=overwrite)


def render_page(
    pictures: Mapping[str, Picture], restoration: Restoration, scores: Sequence[Score] = ()
) -> str:
    """Show a restoration on a page of at most 2 MB that loads nothing from elsewhere.

    Its Content-Security-Policy allows the page's own style and script, and nothing else. It names
    files without their folders.

    Args:
        pictures: Of one scene, equally large, upright: the exposures by role, at the brightness
            at which they were restored, then "result".
        restoration: What was done.
        scores: Of the pictures, if there are any.

    Returns:
        HTML, to be written in UTF-8.
    """
    style, script = _asset("page.css"), _asset("page.js")
    return (
        _environment()
        .get_template("page.html.jinja")
        .render(
            view=make_view(pictures, restoration, scores),
            histogram=histogram,
            style=Markup(style),  # noqa: S704  (our own file)
            style_hash=_digest(style),
            script=Markup(script),  # noqa: S704
            script_hash=_digest(script),
        )
    )


@cache
def _environment() -> Environment:
    return Environment(
        loader=PackageLoader("pairfix.output.html", "assets"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _asset(name: str) -> str:
    return (files("pairfix.output.html") / "assets" / name).read_text(encoding="utf-8")


def _digest(text: str) -> str:
    """As Content-Security-Policy names an inline style or script."""
    digest = hashlib.sha256(text.encode()).digest()
    return f"sha256-{base64.b64encode(digest).decode('ascii')}"
