"""Calls and forwards of a bank that was used: recordings kept and to come, a code that was said, what is passed on."""

from __future__ import annotations

from numbank.activation.model import Activation, AdvanceRequest, LeaseRequest
from numbank.activation.states import Event, State
from numbank.messages.calls import Kind
from numbank.messages.recordings import Audio
from numbank.server.app import App
from numbank.supply import errands
from numbank.supply.numbers import CALL, FORWARD, SMS
from numbank.voice.writing import keep_recording
from tests.support import Shop, push, ring

COUNTRY = 43
CALLER = "447911123456"
URL = "https://sims.example/call.wav"


async def use_calls(app: App, shop: Shop, customer_id: int) -> None:
    """Lease for calls and with forwarding, and let something come on each."""
    await shop.numbers(12, country=COUNTRY, abilities=SMS | CALL | FORWARD)
    for kind in Kind:
        await shop.offer("av", country=COUNTRY, kind=kind)

    async def lease(kind: Kind, *, forward: bool = False) -> Activation:
        service_id = app.bank.catalogue.by_code["av"].id
        request = LeaseRequest(customer_id, COUNTRY, service_id, 1200, 0, kind=kind, forward=forward)
        leased = await app.bank.leasing.lease(request)
        assert isinstance(leased, Activation), leased
        return leased

    flash, voice, silent, waiting = [await lease(kind) for kind in (Kind.FLASH, Kind.VOICE, Kind.VOICE, Kind.FLASH)]
    assert await app.bank.advance.ask(AdvanceRequest(waiting.id, Event.READY, customer_id)) is State.READY
    await ring(app, flash.e164, CALLER)
    await ring(app, voice.e164, CALLER, "your code is 4 8 2 9", language="en", recording_url=URL)
    await ring(app, silent.e164, "anonymous", recording_url=URL + "?2")
    await push(app, waiting.e164, "an SMS that nobody leased for: 12345")
    await ring(app, waiting.e164 + 1_000, CALLER, recording_url=URL + "?3")
    message_id = await shop.connection.fetchval("select message_id from activation where id = $1", voice.id)
    await keep_recording(app.bank.pool, app.bank.calls.transcriber, message_id, Audio(b"RIFF", "audio/wav"))
    assert await app.bank.calls.desk.parse(customer_id, voice.id, "en") is None
    forwarded = await lease(Kind.SMS, forward=True)
    sent = await app.bank.advance.ask(AdvanceRequest(forwarded.id, Event.READY, customer_id, 491701234567))
    assert sent is State.READY
    await push(app, forwarded.e164, "your code is 48291")
    assert await errands.open_call(app.bank.pool, waiting.id, 1, waiting.e164, 491701234567)
