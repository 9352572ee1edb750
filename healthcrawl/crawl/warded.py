"""`healthcrawl` for a process that another one started and waits for: it ends in order when that one is gone.

The other holds the end of a pipe that is our standard input; however it dies, the system closes that.
"""

import os
import signal
import threading
import time

from healthcrawl.crawl.main import main

_IN_ORDER = 60  # seconds to end in order


def _end_with_parent() -> None:
    while os.read(0, 4096):  # not by `sys.stdin`, whose lock the end of the process waits for
        pass
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(_IN_ORDER)
    os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    threading.Thread(target=_end_with_parent, daemon=True).start()
    main()
