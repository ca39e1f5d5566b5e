"""The page's own ranking in a real browser: what Python's says, of the same texts."""

from pathlib import Path

from browsing import Open
from places import TEMPLATES
from ranked_texts import QUERIES, TEXTS

from headatlas.ranking import index_of, terms_of
from headatlas.reporting.searching import index_script


def test_the_page_ranks_as_python_does(browser: Open, tmp_path: Path) -> None:
    index = index_of([terms_of(text) for text in TEXTS])
    (tmp_path / "index.js").write_text(index_script(index))
    (tmp_path / "rank.js").write_text((TEMPLATES / "rank.js").read_text())
    page = tmp_path / "page.html"
    page.write_text(
        "<meta charset=utf-8><script src=index.js></script><script src=rank.js></script>"
    )
    driver = browser()
    driver.get(page.as_uri())
    told = "return arguments[0].map((q) => [termsOf(q), [...ranked(headAtlasIndex, q)]])"
    asked = [*QUERIES, "the “same” (token)", "L01H02:", "ÄÖ __init__"]
    for query, (terms, scores) in zip(asked, driver.execute_script(told, asked), strict=True):
        assert terms == terms_of(query), query
        assert sorted((-s, n) for n, s in scores) == [(-s, n) for n, s in index.ranked(query)]
