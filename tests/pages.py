"""What a reader reads of a page."""

import re
from html import unescape


def text_of(html: str) -> str:
    """The text of a page, without styles, settings and tags."""
    text = re.sub(r"<style>.*?</style>|<pre>.*?</pre>", "", html, flags=re.DOTALL)
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", text)))


def bare_keys(text: str) -> list[str]:
    """Ids that stand in a text as they are, such as log_earnings or race=1; names of files may."""
    return [word for word in re.findall(r"\S*\w_\w\S*|\w+=\w+", text) if not word.startswith("results/")]
