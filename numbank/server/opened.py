"""Whether the worker of this process serves: until then it has accepted nothing, and may end at once."""

import threading

opened = threading.Event()
