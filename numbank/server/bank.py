"""Puts the bank of one worker process together: pool, counters, caches, door, background workers."""

from __future__ import annotations

import asyncio
from datetime import datetime
from functools import partial
from typing import Any

import structlog

from numbank.activation.advance import AdvanceDesk
from numbank.activation.desk import LeaseDesk
from numbank.activation.history import History
from numbank.activation.model import Activation, AdvanceRequest, LeaseRequest, Opened, Status, StatusRequest
from numbank.activation.states import State
from numbank.activation.views import Views, statuses
from numbank.catalogue import hints, rates
from numbank.catalogue.catalogue import Catalogue
from numbank.catalogue.prices import PriceLists
from numbank.customers import register, standing
from numbank.customers.keys import KeyRing
from numbank.db import migrate
from numbank.db.counter import Counter, Watch
from numbank.db.pool import Pool, connector, create_pool
from numbank.db.queries import Queries
from numbank.db.seals import Seals
from numbank.db.versions import Versions
from numbank.hooks.posting import terms
from numbank.hooks.rentals import Endpoints
from numbank.intake.deliver import DeliverDesk, Intake
from numbank.intake.door import Door
from numbank.messages.calls import code_digits
from numbank.messages.habits import Habits
from numbank.messages.model import Incoming
from numbank.messages.rules import CodeRules
from numbank.policy.policy import Policy
from numbank.server.asking import asking_workers, leasing, settle_counter
from numbank.server.background import workers
from numbank.server.calls import call_workers, calls
from numbank.server.further import further
from numbank.server.gauges import gauge_workers
from numbank.server.hooks import hook_workers
from numbank.server.keeping import policy_workers
from numbank.server.mail import MailServer
from numbank.server.mailboxes import mailbox_workers, mailboxes
from numbank.server.metrics import HookMetrics, count_fates
from numbank.server.rent import rent, rent_workers
from numbank.server.software import software
from numbank.server.suppliers import asked_suppliers, simulator, simulator_workers
from numbank.settings import Settings
from numbank.suppliers.agent.keys import AgentRing
from numbank.supply.supplier import Supplier, Suppliers
from numbank.wire.desks import Desks

Q = Queries("numbank.db")
log = structlog.get_logger("numbank")


class Bank:
    """Everything of one node. `start` opens it, `stop` serves what was accepted and closes it."""

    def __init__(self, settings: Settings, watch: Watch | None = None) -> None:
        self.settings = settings
        self._watch = watch

    async def start(self) -> None:
        """Open the pool, check the schema, load the caches, start clerks and background workers."""
        settings = self.settings
        self.pool: Pool = await create_pool(
            settings.database_url, size=settings.pool_size, command_timeout_s=settings.command_timeout_s, hot=True
        )
        async with self.pool.acquire() as connection:
            await migrate.check(connection)
        self.versions = Versions(
            self.pool, poll_s=settings.version_poll_s, max_age_s=settings.version_max_age_s,
            open_one=connector(settings.database_url, settings.command_timeout_s),
        )  # fmt: skip
        self.catalogue = Catalogue()
        self.keys = KeyRing(self.pool, self.versions)
        self.policy = Policy(settings)
        self.policy.open()
        self.prices = PriceLists(self.pool, settings.price_list_age_s)
        self.agents = AgentRing(self.pool, self.versions)
        self.seals = Seals(settings.secrets_path)
        self.endpoints = Endpoints(self.pool, self.seals, terms(settings).rules, settings.rent_hooks_per_account)
        self.simulator = await simulator(self)
        special = {} if self.simulator is None else {self.simulator.supplier_id: self.simulator}
        self.suppliers = Suppliers(dict[int, Supplier](special))
        self.asked = asked_suppliers(self)
        self.calls = calls(self)
        self.habits = Habits()
        self.code_rules = CodeRules(
            code_digits(settings, self.catalogue), settings.uncertain_codes == "deliver", self.habits
        )
        self._counters()
        self.leasing = leasing(self)
        self.door = Door(self.deliver.ask, self.catalogue)
        self.mail = MailServer(self)
        self.versions.subscribe("catalogue", self._catalogue_changed)
        self.versions.guard("policy", partial(self.policy.load, self.pool))
        await self.versions.look()
        # Behind the first look, for the catalogue reads the hints too: whatever is newer than that look is met by the next.
        self.versions.subscribe(hints.TOPIC, self._hints_changed)
        self.versions.start()
        self.desks = self._desks()
        self._workers = workers(self) + asking_workers(self) + policy_workers(self) + hook_workers(self, HookMetrics())
        self._workers += call_workers(self) + mailbox_workers(self) + rent_workers(self) + gauge_workers(self)
        if self.simulator is not None:
            self._workers += simulator_workers(self, self.simulator)
        for clerk in self._clerks:
            clerk.start()
        for worker in self._workers:
            worker.start()
        await self.mail.start()

    def _desks(self) -> Desks:
        """What the wire and the JSON APIs may ask for."""
        settings = self.settings
        return Desks(
            settings=settings,
            keys=self.keys,
            policy=self.policy,
            catalogue=self.catalogue,
            prices=self.prices,
            views=Views(self.pool),
            balance=partial(register.balance, self.pool),
            money=partial(standing.money, self.pool),
            history=History(self.pool),
            calls=self.calls.desk,
            status=self.status.ask,
            lease=self.leasing.lease,
            advance=self.advance.ask,
            further=self.further.desks,
            rent=self.rent.desks,
            software=self.software.desks,
            mail=self.mailboxes.desks,
            rates=partial(rates.read, self.pool, settings.currency),
            rent_address=self.endpoints.check,
        )

    @property
    def _clerks(self) -> list[Counter[Any, Any]]:
        beside = (*self.further.counters, *self.rent.counters, *self.mailboxes.counters, self.software.counter)
        return [self.status, self.lease, self.settle, self.advance, self.deliver, *beside]

    def _counters(self) -> None:
        """The hot operations, each with its own queue, clerk and connection."""
        settings = self.settings
        advance = AdvanceDesk(
            self.suppliers,
            cool_down_s=settings.cool_down_s,
            unused_rest_s=settings.unused_rest_s,
            unused_tries=settings.unused_tries,
            cashback_bp=settings.cashback_bp,
        )
        lease = LeaseDesk(
            self.suppliers,
            operator_fallback=settings.operator_fallback,
            claim_pools=settings.claim_pools,
            asked=self.asked,
            patience_s=settings.supplier_hard_s + settings.supplier_margin_s,
            surcharge=settings.forward_surcharge_minor,
        )
        common: dict[str, Any] = {
            "queue_limit": settings.queue_limit,
            "deadline_s": settings.queue_deadline_s,
            "watch": self._watch,
        }
        open_one = connector(settings.database_url, settings.command_timeout_s)
        self.status: Counter[StatusRequest, Status] = Counter(
            "status", statuses, open_one, batch_limit=settings.batch_status, writes=False, **common
        )
        self.lease: Counter[LeaseRequest, Activation | Opened] = Counter(
            "lease",
            lease.serve,
            open_one,
            batch_limit=settings.batch_lease,
            key=lambda request: (request.account_id, request.order) if request.order is not None else None,
            party=lambda request: request.account_id,
            **common,
        )
        self.settle = settle_counter(self, advance, open_one, common)
        self.further = further(self, open_one, common)
        self.rent = rent(self, open_one, common)
        self.software = software(self, open_one, common)
        self.mailboxes = mailboxes(self, open_one, common)
        self.mail_door = self.mailboxes.door
        self.advance: Counter[AdvanceRequest, State] = Counter(
            "advance",
            advance.serve,
            open_one,
            batch_limit=settings.batch_advance,
            key=lambda request: request.lease_id,
            party=lambda request: request.account_id or -request.lease_id,
            **common,
        )
        self.deliver: Counter[Incoming, Intake] = Counter(
            "deliver",
            DeliverDesk(lambda: self.catalogue.any_service_ids, self.asked, self.code_rules, count_fates).serve,
            open_one,
            batch_limit=settings.batch_deliver,
            party=lambda incoming: incoming.e164,
            **common,
        )

    async def _catalogue_changed(self) -> None:
        await self.catalogue.load(self.pool)
        await self._hints_changed()
        await self.read_habits()

    async def _hints_changed(self) -> None:
        await self.door.learn(hints.as_hints(await hints.everything(self.pool)))
        for line in self.door.brands.refused:
            log.warning("hint_left_out", reason=line)
        if self.simulator is not None:
            self.simulator.learn(self.door.brands)

    async def read_habits(self) -> None:
        """Read again what is known of the codes of services."""
        await self.habits.load(self.pool, self.catalogue.services.values())

    async def now(self) -> datetime:
        """The bank's time: the database's."""
        at: datetime = await self.pool.fetchval(Q.bank_now)
        return at

    async def stop(self) -> None:
        """Mail clients first, then the background, then the counters (they serve what is queued), then the pool."""
        await self.mail.stop()
        await asyncio.gather(self.leasing.stop(), *(worker.stop() for worker in self._workers))
        await asyncio.gather(*(clerk.stop() for clerk in self._clerks))
        await self.versions.stop()
        self.calls.fetcher.close()
        await self.pool.close()
