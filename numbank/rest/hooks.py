"""The operations on webhooks (docs/hooks.md)."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import msgspec
from msgspec import Meta

from numbank.hooks.model import Attempt, Delivery, Hook
from numbank.rest.call import Call
from numbank.rest.v1 import V1

MAX_ID = 2**63 - 1
DAY_S = 86_400
MAX_OVERLAP_S = 30 * DAY_S


class NewHook(msgspec.Struct, frozen=True, rename="camel", forbid_unknown_fields=True):
    """What a new webhook needs."""

    url: Annotated[str, Meta(max_length=2_048, description="https or http; no user name, no private address")]


class HookChange(msgspec.Struct, frozen=True, rename="camel", forbid_unknown_fields=True):
    """What to change; what is missing stays as it is."""

    url: Annotated[str, Meta(max_length=2_048)] | None = None
    enabled: bool | None = None


class Rotation(msgspec.Struct, frozen=True, rename="camel", forbid_unknown_fields=True):
    """How a secret is replaced."""

    overlap_s: (
        Annotated[int, Meta(ge=0, le=MAX_OVERLAP_S, description="the old secret signs too for this long")] | None
    ) = None


class HookView(msgspec.Struct, frozen=True, rename="camel"):
    """A webhook. `disabledReason` says why it is off; `failures` counts given-up deliveries since the last success.

    `rents`: rentals named it in `url`, and it is told of their messages alone.
    """

    id: int
    url: str
    enabled: bool
    disabled_reason: str | None
    failures: int
    created_at: datetime
    old_secret_until: datetime | None
    rents: bool


class HookWithSecret(msgspec.Struct, frozen=True, rename="camel"):
    """A webhook with its fresh secret, which is shown this once."""

    hook: HookView
    secret: str


class HookList(msgspec.Struct, frozen=True, rename="camel"):
    """All webhooks of the account."""

    hooks: list[HookView]


class AttemptView(msgspec.Struct, frozen=True, rename="camel"):
    """One try. `error` is null when it went through; `status` is null when no answer came."""

    at: datetime
    status: int | None
    ms: int
    error: str | None


class DeliveryView(msgspec.Struct, frozen=True, rename="camel"):
    """One event for one webhook. `webhookId` is the header that all its tries carry."""

    id: int
    webhook_id: str
    hook_id: int
    event: str
    activation_id: int | None
    rent_id: int | None
    state: str
    tries: int
    created_at: datetime
    next_try_at: datetime | None
    ended_at: datetime | None
    attempts: list[AttemptView]


class DeliveryList(msgspec.Struct, frozen=True, rename="camel"):
    """A page of the log, newest first; `before` is the id to ask the next page with, null on the last."""

    deliveries: list[DeliveryView]
    before: int | None


class Page(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which part of the log."""

    limit: Annotated[int, Meta(ge=1, le=100, description="how many")] = 20
    before: Annotated[int, Meta(ge=1, le=MAX_ID, description="only deliveries with a smaller id")] = MAX_ID


def view(hook: Hook) -> HookView:
    """A webhook as customers see it."""
    return HookView(
        hook.id,
        hook.url,
        hook.off_reason is None,
        hook.off_reason,
        hook.failures,
        hook.created_at,
        hook.old_until,
        hook.rents,
    )


def delivery_view(one: Delivery) -> DeliveryView:
    """A delivery as customers see it."""
    return DeliveryView(
        one.id, one.webhook_id, one.hook_id, one.event.name.lower(), one.activation_id, one.rent_id, one.state.name.lower(),
        one.tries, one.created_at, one.due_at, one.ended_at, [_attempt(attempt) for attempt in one.attempts],
    )  # fmt: skip


def _attempt(one: Attempt) -> AttemptView:
    return AttemptView(one.at, one.status, one.ms, one.error)


@V1.operation("GET", "/hooks", reply=HookList)
async def list_hooks(call: Call) -> HookList:
    """The webhooks of the account."""
    return HookList([view(hook) for hook in await call.desks.hooks.all(call.customer.id)])


@V1.operation("POST", "/hooks", status=201, body=NewHook, reply=HookWithSecret, problems=(409,))
async def add_hook(call: Call) -> HookWithSecret:
    """Add a webhook; its secret is shown this once."""
    hook, secret = await call.desks.hooks.add(call.customer.id, call.body(NewHook).url)
    return HookWithSecret(view(hook), secret)


@V1.operation("GET", "/hooks/{id}", reply=HookView, problems=(404,))
async def get_hook(call: Call) -> HookView:
    """One webhook."""
    return view(await call.desks.hooks.one(call.customer.id, call.path_id))


@V1.operation("PATCH", "/hooks/{id}", body=HookChange, reply=HookView, problems=(404, 409))
async def change_hook(call: Call) -> HookView:
    """Change the address, switch it off or on; switching off gives up what waits."""
    change = call.body(HookChange)
    return view(await call.desks.hooks.change(call.customer.id, call.path_id, change.url, change.enabled))


@V1.operation("DELETE", "/hooks/{id}", status=204, problems=(404,))
async def remove_hook(call: Call) -> None:
    """Remove a webhook and give up what waits for it."""
    await call.desks.hooks.remove(call.customer.id, call.path_id)


@V1.operation("POST", "/hooks/{id}/rotate", body=Rotation, reply=HookWithSecret, problems=(404,))
async def rotate_secret(call: Call) -> HookWithSecret:
    """Replace the secret; during the overlap every delivery carries the signatures of both."""
    hook, secret = await call.desks.hooks.rotate(call.customer.id, call.path_id, call.body(Rotation).overlap_s)
    return HookWithSecret(view(hook), secret)


@V1.operation("POST", "/hooks/{id}/test", status=202, reply=DeliveryView, problems=(404, 409))
async def test_hook(call: Call) -> DeliveryView:
    """Send one test message now; what came of it is in the log."""
    return delivery_view(await call.desks.hooks.test(call.customer.id, call.path_id))


@V1.operation("GET", "/hooks/{id}/deliveries", query=Page, reply=DeliveryList, problems=(404,))
async def list_deliveries(call: Call) -> DeliveryList:
    """The log of a webhook, newest first, with every try."""
    page = call.query(Page)
    found = await call.desks.hooks.log(call.customer.id, call.path_id, page.before, page.limit)
    return DeliveryList([delivery_view(one) for one in found], found[-1].id if len(found) == page.limit else None)


@V1.operation("POST", "/deliveries/{id}/replay", status=202, reply=DeliveryView, problems=(404, 409))
async def replay_delivery(call: Call) -> DeliveryView:
    """Send a delivery that ended once more, under the same webhook-id."""
    return delivery_view(await call.desks.hooks.replay(call.customer.id, call.path_id))
