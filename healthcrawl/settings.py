"""The project's settings. Any of them may be given for one run with `-s NAME=VALUE`; README.md explains those of our own."""

from pathlib import Path

from scrapy.utils.conf import closest_scrapy_cfg

BOT_NAME = "healthcrawl"
ADDONS = {"healthcrawl.crawl.addon.HealthcrawlAddon": 100}
COMMANDS_MODULE = "healthcrawl.crawl.commands"
SPIDER_LOADER_CLASS = "healthcrawl.crawl.loader.SiteSpiderLoader"
# The spider of a site by its kind; a site with a spider of its own is named in SITE_SPIDERS.
KIND_SPIDERS = {
    "bureau": "healthcrawl.spiders.bureau.BureauSpider",
    "municipal": "healthcrawl.spiders.municipal.MunicipalSpider",
}
SITE_SPIDERS = dict.fromkeys(("demo", "families", "maze", "faults"), "healthcrawl.spiders.demo.DemoSpider")

# healthcrawl's own settings.
ARCHIVE_DIR = str(Path(closest_scrapy_cfg() or "scrapy.cfg").resolve().parent / "archive")
CATALOG_URL = ""
LEASE_SECONDS = 120
STORE_URL = ""
STORE_KEEP = True
STORE_PATIENCE = 600
SITES_DIR = ""
CONTACT = ""
CONNECT_TO: dict[str, str] = {}
CLOCK = "healthcrawl.crawl.clock.system_clock"
CORPUS_SCRIPT = "simplified"
CORPUS_WIDTH = "half"
ATTACHMENTS = True
WARC_MAX_BYTES = 256 * 1024 * 1024
WARC_SYNC = True
WARC_REVISITS = "site"
OFFLINE = False
OFFLINE_AT = ""
OFFLINE_OUT = ""
PROGRESS_SECONDS = 60
NOTIFY_COMMAND = ""
NOTIFY_URL = ""
METRICS_FILE = ""

# Manners.
ROBOTSTXT_OBEY = True
ROBOTSTXT_USER_AGENT = "healthcrawl"
REQUESTS_A_DAY = 0
QUIET_HOURS = ""
BACKOFF_SECONDS = 30
BACKOFF_LONGEST = 600
BACKOFF_TRIES = 5
CONCURRENT_REQUESTS = 4
CONCURRENT_REQUESTS_PER_DOMAIN = 1
DOWNLOAD_TIMEOUT = 60
RETRY_TIMES = 2
# Brotli is not asked for: some archive tools can't read it.
DEFAULT_REQUEST_HEADERS = {
    "Accept": "text/html,application/xhtml+xml,application/json;q=0.9,*/*;q=0.8",
    "Accept-Language": "zh-CN,zh;q=0.9",
    "Accept-Encoding": "gzip, deflate",
}

# Scrapy starts that many tasks for the items of every single answer; ours have one item, or none.
CONCURRENT_ITEMS = 1

# Limits.
DOWNLOAD_MAXSIZE = 20 * 1024 * 1024
DOWNLOAD_WARNSIZE = 0
REDIRECT_MAX_TIMES = 8

# What the archivist must see, and what hacked pages must not use.
HTTPERROR_ALLOW_ALL = True
METAREFRESH_ENABLED = False
HTTPPROXY_ENABLED = False
REMOTE_CONTROL_ENABLED = False
TELNETCONSOLE_ENABLED = False

LOG_LEVEL = "INFO"
LOG_FORMAT = "%(asctime)s %(levelname)s %(message)s"
LOG_DATEFORMAT = "%Y-%m-%d %H:%M:%S"
STATS_DUMP = False
