"""The exceptions of healthcrawl, and what the caller should do about each.

A bad page is never an exception: it is a `Rejection` (see `healthcrawl.model`). What is raised is a job that can't go on.

::

    HealthcrawlError            stop the job; the message says what, where and what to do
    ├── UsageError              the call's words are wrong: show the message, exit 2
    ├── KnowledgeError          a site or family file is wrong: disable that site, go on with the others
    ├── ArchiveError            the archive can't be read or written as asked
    │   ├── DamagedRecordError  one record can't be read: count it, go on with the next
    │   └── SiteLockedError     another process crawls the site: exit 75, try again later
    ├── NotArchivedError        the archive has no capture of an address: count it, go on
    └── TargetRefusedError      an address we must not connect to: record it, go on
"""


class HealthcrawlError(Exception):
    """Base of all: the job can't go on, and the message says why and what to do."""


class UsageError(HealthcrawlError):
    """A setting or an argument is wrong. Show the message and exit with status 2."""


class KnowledgeError(HealthcrawlError):
    """A knowledge file is wrong. The message names file, key and what was expected."""


class ArchiveError(HealthcrawlError):
    """The archive can't be read or written as asked."""


class DamagedRecordError(ArchiveError):
    """One WARC record can't be read. Count it and go on with the next."""


class SiteLockedError(ArchiveError):
    """Another process holds the site. Exit with status 75 and try again later."""


class NotArchivedError(HealthcrawlError):
    """The archive has no capture of an address that an offline crawl asks for. Count it and go on."""


class TargetRefusedError(HealthcrawlError):
    """The address that was about to be connected to is not a public one."""
