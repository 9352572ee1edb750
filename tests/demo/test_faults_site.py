"""The site file of the faults names a column for each of them."""

from urllib.parse import urlsplit

from healthcrawl.demo.faults import COLUMNS, HOST
from healthcrawl.knowledge.load import load_sites


def test_every_fault_has_its_column() -> None:
    urls = [urlsplit(column.url) for column in load_sites().sites["faults"].columns]
    assert {url.hostname for url in urls} == {HOST}
    assert sorted(url.path for url in urls) == sorted(COLUMNS)
