"""Documents whose pages were taken down, and those whose pages came back: noted in the journal at the end of a run.

The frontier finds out, by asking more than once, days apart; here its finding becomes a step of the document. The file stays where
it is, since what was withdrawn is what people look for later.
"""

import sqlalchemy as sa

from healthcrawl.corpus import catalog as tables
from healthcrawl.corpus.store import Change, Store

_PAGES, _DOCUMENTS, _WITHDRAWN = tables.pages, tables.documents, tables.withdrawals


def note_withdrawals(store: Store, site: str) -> list[Change]:
    """Tell the journal which documents of a site were withdrawn since it last heard of it, and which are back.

    Raises:
        ArchiveError: journal or catalog can't be written.
    """
    told = sa.select(_WITHDRAWN.c.number)
    known = sa.select(_DOCUMENTS.c.number).join(
        _PAGES, sa.and_(_PAGES.c.site == _DOCUMENTS.c.site, _PAGES.c.address == _DOCUMENTS.c.address)
    )
    known = known.where(_DOCUMENTS.c.site == site, _DOCUMENTS.c.name != "").order_by(_DOCUMENTS.c.number)
    gone = known.where(_PAGES.c.state == "withdrawn", _DOCUMENTS.c.number.not_in(told))
    back = known.where(_PAGES.c.state == "fetched", _DOCUMENTS.c.number.in_(told))
    with store.reading() as tx:  # most runs have nothing to say
        if tx.execute(gone.limit(1)).first() is None and tx.execute(back.limit(1)).first() is None:
            return []
    with store.writing() as writing:
        changes = [writing.note_gone(number) for number in writing.tx.execute(gone).scalars().all()]
        return changes + [writing.note_back(number) for number in writing.tx.execute(back).scalars().all()]
