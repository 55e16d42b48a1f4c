"""One restoration as a page: a self-contained HTML file that can be mailed.

`facts` describes what was done, `images` fits the photos into the file and draws histograms,
`scores` computes the metrics, `view` fills the template ``page.html.jinja``.
"""

from pairfix.output.html.scores import Score, check_scoring, score_pictures
from pairfix.output.html.view import RESULT, check_page, render_page

__all__ = ["RESULT", "Score", "check_page", "check_scoring", "render_page", "score_pictures"]
