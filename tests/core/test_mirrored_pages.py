"""The demo's mirrored pages come out as they were written, character by character, without a crawl in between."""

import pytest

from healthcrawl.core.normalise import file_text
from healthcrawl.core.process import process
from healthcrawl.demo import articles, resources
from healthcrawl.demo.bureau import Published, published
from healthcrawl.knowledge.load import load_rules
from healthcrawl.model import Capture, Document

SITE = resources()
EXPECTED = {article.slug: article.expected for article in articles()}
MIRRORED = [article for article in published() if article.served_body]


@pytest.mark.parametrize("article", MIRRORED, ids=lambda article: article.slug)
def test_a_mirrored_page_is_given_back_as_it_was_written(article: Published) -> None:
    slug, path = article.slug, article.path
    resource = SITE[path]
    head = f"HTTP/1.1 200 OK\r\nContent-Type: {resource.content_type}\r\n\r\n".encode()
    outcome = process(Capture(url=f"http://demo.healthcrawl.test{path}", response=head + resource.body), load_rules())
    assert isinstance(outcome, Document)
    assert file_text(outcome.metadata.title, outcome.text) == EXPECTED[slug]
