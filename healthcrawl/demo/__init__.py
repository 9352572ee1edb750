"""A small bureau site of our own, served on loopback: the first run of a newcomer, and the tests.

The bureau, its city and all that it publishes are invented. `articles` lists what a crawl must bring home, with the text that
the corpus must hold; `Maze` is a second site, full of traps, `Faults` a third,
where everything is broken, and `Bureaus` show a bureau of each CMS product; `DemoServer` serves the site and keeps an exact log of every exchange.
"""

from healthcrawl.demo.bureau import HOST, DemoArticle, articles
from healthcrawl.demo.faults import Faults
from healthcrawl.demo.maze import Maze
from healthcrawl.demo.products import Bureau, Bureaus
from healthcrawl.demo.server import DemoServer, Served
from healthcrawl.demo.site import resources

__all__ = [
    "HOST",
    "Bureau",
    "Bureaus",
    "DemoArticle",
    "DemoServer",
    "Faults",
    "Maze",
    "Served",
    "articles",
    "resources",
]
