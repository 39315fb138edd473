"""`python -m tests.abuse.hammer PORT KEY PER_S`: one key asks so many times a second until it is ended. A process of its
own, so that a test can freeze it."""

from __future__ import annotations

import http.client
import sys
import time
from urllib.parse import urlencode

if __name__ == "__main__":
    port, key, per_s = int(sys.argv[1]), sys.argv[2], float(sys.argv[3])
    path = "/stubs/handler_api.php?" + urlencode({"api_key": key, "action": "getActiveActivations"})
    bank = http.client.HTTPConnection("127.0.0.1", port)
    due = time.monotonic()
    refused = 0
    while True:
        bank.request("GET", path)
        refused += bank.getresponse().read() == b"TOO_MANY_REQUESTS"
        if refused == 1:
            sys.stdout.write("refused\n")
            sys.stdout.flush()
        due = max(due + 1 / per_s, time.monotonic() - 0.01)
        time.sleep(max(0.0, due - time.monotonic()))
