"""Restorations as pages: self-contained HTML files that can be mailed.

`facts` describes what was done, `images` fits the photos into the file and draws histograms,
`scores` computes the metrics, `view` fills the template ``page.html.jinja`` with one restoration,
`sheet` fills ``sheet.html.jinja`` with many.
"""

from pairfix.output.html.scores import Score, check_scoring, score_pictures
from pairfix.output.html.sheet import Card, Sheet, render_sheet, thumbnail
from pairfix.output.html.view import RESULT, check_page, render_page

__all__ = [
    "RESULT",
    "Card",
    "Score",
    "Sheet",
    "check_page",
    "check_scoring",
    "render_page",
    "render_sheet",
    "score_pictures",
    "thumbnail",
]
