"""One restoration as a page: a single HTML file that needs nothing else and can be mailed.

`facts` says in words what was done, `images` fits the photos into the file, `histogram` draws the
tones, `scores` asks the metrics, `view` gathers it all for the template ``page.html.jinja``.
"""

from pairfix.output.html.render import check_page, render_page
from pairfix.output.html.scores import Score, check_scoring, score_pictures
from pairfix.output.html.view import RESULT

__all__ = ["RESULT", "Score", "check_page", "check_scoring", "render_page", "score_pictures"]
