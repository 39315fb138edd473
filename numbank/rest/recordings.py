"""The recordings of calls, as getStatusV2 links to them."""

from __future__ import annotations

from numbank.messages.recordings import Playable
from numbank.rest.call import Call
from numbank.rest.problem import Refused
from numbank.rest.registry import operation


@operation("GET", "/v1/recordings/{id}", problems=(404,), media="audio/*", key_in_query=True)
async def get_recording(call: Call) -> Playable:
    """The audio of a call that reached one of the account's activations; gone when its time of keeping is over."""
    found = await call.calls.recording(call.customer.id, call.path_id)
    if found is None:
        raise Refused(404, "there is no such recording on this account")
    return found
