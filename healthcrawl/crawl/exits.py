"""Exit statuses of all commands."""

from healthcrawl.errors import HealthcrawlError, KnowledgeError, SiteLockedError, UsageError

DONE = 0
FAILED = 1
WRONG_USE = 2
BROKEN_EXPECTATION = 3
LOCKED = 75  # EX_TEMPFAIL: try again later


def status_of(error: HealthcrawlError) -> int:
    """The exit status for an error that ends a command.

    >>> status_of(SiteLockedError("demo is being crawled")), status_of(HealthcrawlError("no"))
    (75, 1)
    """
    if isinstance(error, SiteLockedError):
        return LOCKED
    return WRONG_USE if isinstance(error, UsageError | KnowledgeError) else FAILED
