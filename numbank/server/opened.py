"""How far the worker of this process is: before `started` it has accepted nothing, and may end at once.

Between `started` and `opened` its mail clients are served already, but the HTTP server does not mind a stop yet.
"""

import threading

started = threading.Event()
opened = threading.Event()
