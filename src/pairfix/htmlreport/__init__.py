"""One restoration as a page: a single HTML file that needs nothing else and can be mailed.

`facts` says in words what was done, `images` fits the photos into the file, `histogram` draws the
tones, `view` gathers it all for the template ``page.html.jinja``.
"""

from pairfix.htmlreport.render import check_page, render_page
from pairfix.htmlreport.view import RESULT, Score

__all__ = ["RESULT", "Score", "check_page", "render_page"]
