"""The recordings of calls, as getStatusV2 links to them."""

from __future__ import annotations

from numbank.messages.recordings import Playable
from numbank.rest.call import Call
from numbank.rest.problem import Refused
from numbank.rest.v1 import V1


@V1.operation("GET", "/recordings/{id}", problems=(404,), media="audio/*", key_in_query=True)
async def get_recording(call: Call) -> Playable:
    """The audio of a call to one of the account's activations or rentals; gone when its time of keeping is over."""
    found = await call.desks.calls.recording(call.customer.id, call.path_id)
    if found is None:
        raise Refused(404, "there is no such recording on this account")
    return found
