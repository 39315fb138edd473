"""Claims numbers for many wishes at once, inside the caller's transaction: the tried path of engine 2.

Lock the shelves; read piles and windows; lock the candidates that nobody else holds; judge them; the caller saves once.

A wish may be picky: about prefixes, or about further services that its number must serve too. Those who are not pay
nothing for that. A picky wish looks at a bounded number of candidates, half of them from a random place in the pile,
for the numbers that it rejects stay there and would be met again and again.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence

import msgspec

from numbank.clock import Chance
from numbank.db.columns import columns
from numbank.db.counter import Again
from numbank.db.pool import Connection
from numbank.db.queries import Queries
from numbank.errors import Refusal
from numbank.supply.shelf import NumberState, Shelf, hashed_start

Q = Queries("numbank.supply")

MAX_ROUNDS = 3
# Looked at beyond what is needed, so that one number that is not free does not cost another round.
SPARE = 4
GROWTH = 4
MIN_LATER_WINDOW = 32
# Candidates that one claim looks at on a shelf on which somebody is picky.
MOST_LOOKED_AT = 512

Key = tuple[int, int]  # pool, service
Bookmark = tuple[int, int, int, int]  # pool, service, hi, lo

_chance = Chance()


class Wish(msgspec.Struct, frozen=True):
    """One number for a service, from the first of these pools that has one.

    `excluded` are prefixes that its digits must not have; `also` are further services that it was not used for either,
    and is used for from now on.
    """

    service_id: int
    pool_ids: tuple[int, ...]
    excluded: tuple[str, ...] = ()
    also: tuple[int, ...] = ()


class Claim(msgspec.Struct, frozen=True):
    """A number that is locked for a wish; `tries` is how often it was already given back unused for this service."""

    pool_id: int
    service_id: int
    number_id: int
    e164: int
    tries: int
    also: tuple[int, ...] = ()


class Luck(msgspec.Struct):
    """How far a desk's claims look beyond what they need: less after each one that had enough at once, far again after
    one that had not. Each candidate costs a lock, and most pools are long and free.
    """

    spare: int = SPARE

    def learn(self, rounds: int) -> None:
        """A claim took so many rounds."""
        self.spare = max(self.spare - 1, 0) if rounds <= 1 else SPARE


class Edits(msgspec.Struct):
    """What a claim changes besides the numbers themselves; saved with them."""

    off_pile: list[tuple[int, int, int]] = []
    on_pile: list[tuple[int, int, int]] = []
    passed: list[tuple[int, int, int]] = []

    @property
    def any(self) -> bool:
        """Whether there is something to write."""
        return bool(self.off_pile or self.on_pile or self.passed)


class Claims(msgspec.Struct):
    """The outcome: one claim or None per wish; `more` holds the wishes that may succeed if they ask again, `busy` those
    that met numbers which others had locked, and may give back free.
    """

    found: list[Claim | None]
    more: set[int]
    shelves: dict[Key, Shelf]
    edits: Edits
    busy: set[int] = set()

    def otherwise(self, index: int, request: object, elsewhere: Callable[[], Refusal | Again]) -> Refusal | Again:
        """What becomes of a request whose wish found nothing. `elsewhere` is what follows when its pools are empty."""
        if index in self.more:
            return Again(request)
        return Again(request, elsewhere()) if index in self.busy else elsewhere()

    @property
    def bookmarks(self) -> list[Bookmark]:
        """The bookmarks that moved on."""
        return [(one.pool_id, one.service_id, one.hi, one.lo) for one in self.shelves.values() if one.moved]

    @property
    def moved(self) -> bool:
        """Whether there is anything to save even if nobody got a number."""
        return self.edits.any or any(shelf.moved for shelf in self.shelves.values())


async def lock_shelves(tx: Connection, keys: Iterable[Key]) -> dict[Key, Shelf]:
    """Lock the shelves in order, making those that are new; then read them in the next statement (engine 1.1)."""
    wanted = await _locked(tx, keys)
    return {(row[0], row[1]): Shelf(*row) for row in await tx.fetch(Q.read_shelves, *columns(wanted))}


async def _lock_stocked(
    tx: Connection, keys: Iterable[Key], wants: Mapping[Key, int]
) -> tuple[dict[Key, Shelf], list[tuple[int, int, int, int]]]:
    """The same, with the first rows of the piles of those that want some."""
    wanted = await _locked(tx, keys)
    found: dict[Key, Shelf] = {}
    piles: list[tuple[int, int, int, int]] = []
    for *row, seqs, tries in await tx.fetch(Q.read_stocked, *columns((*key, wants.get(key, 0)) for key in wanted)):
        shelf = Shelf(*row)
        found[shelf.pool_id, shelf.service_id] = shelf
        if seqs:
            piles += ((shelf.pool_id, shelf.service_id, *one) for one in zip(seqs, tries, strict=True))
    return found, piles


async def _locked(tx: Connection, keys: Iterable[Key]) -> list[Key]:
    """Lock shelves in order, make those that are new; gives the keys in that order."""
    wanted = sorted(set(keys))
    locked = {(pool_id, service_id) for pool_id, service_id in await tx.fetch(Q.lock_shelves, *columns(wanted))}
    missing = [key for key in wanted if key not in locked]
    if missing:
        sizes = dict(map(tuple, await tx.fetch(Q.pool_sizes, [pool_id for pool_id, _ in missing])))
        starts = [(*key, hashed_start(*key, sizes[key[0]])) for key in missing]
        await tx.execute(Q.make_shelves, *columns(starts))
        await tx.fetch(Q.lock_shelves, *columns(wanted))
    return wanted


class _Search:
    """The bookkeeping of one claim: which wish still needs a number, and from which pool."""

    def __init__(self, wishes: Sequence[Wish], shelves: dict[Key, Shelf], spare: int = SPARE) -> None:
        self.wishes = wishes
        self.spare = spare
        self.claims = Claims([None] * len(wishes), set(), shelves, Edits())
        self.position = [0] * len(wishes)
        self.rounds: dict[Key, int] = {}
        self.stuck: set[Key] = set()
        self.locked: set[Key] = set()  # shelves with candidates that somebody else holds
        self.held_up: set[Key] = set()  # those on which the last round met nothing else
        self.taken: set[int] = set()
        self.tries: dict[tuple[int, int, int], int] = {}
        self.pile_after: dict[Key, int] = {}
        self.pile_read: set[Key] = set()
        self.picky = {
            (pool_id, wish.service_id) for wish in wishes if wish.excluded or wish.also for pool_id in wish.pool_ids
        }
        # Where the reading of a picky shelf's pile began, and those that began again in front of that.
        self.pile_begun = {key: _chance.below(max(shelves[key].last_seq, 1)) for key in self.picky}
        self.pile_after.update(self.pile_begun)
        self.begun_again: set[Key] = set()
        self.turned: set[Key] = (
            set()
        )  # began again in this round: whoever waits there has not seen the rest of the pile
        self.rejected: set[int] = set()
        self.not_for: set[tuple[int, int]] = set()  # (number, service) that a number cannot serve too
        self.given_too: set[tuple[int, int]] = set()  # (number, service) that it serves too from now on

    def groups(self) -> dict[Key, list[int]]:
        """The wishes that still look, by the shelf they look at now."""
        open_: dict[Key, list[int]] = {}
        for index, wish in enumerate(self.wishes):
            if self.claims.found[index] is not None:
                continue
            while self.position[index] < len(wish.pool_ids):
                key = (wish.pool_ids[self.position[index]], wish.service_id)
                if not self._left(key):
                    self.position[index] += 1
                    continue
                open_.setdefault(key, []).append(index)
                break
        return open_

    def _left(self, key: Key) -> bool:
        """Whether another round on this shelf makes sense."""
        return key not in self.stuck and self.rounds.get(key, 0) < MAX_ROUNDS

    def size(self, key: Key, indexes: list[int]) -> int:
        """How many candidates this round looks at: a few more than needed, then many more."""
        size = len(indexes) + (SPARE if key in self.picky else self.spare)
        if key in self.picky:
            return (MOST_LOOKED_AT - size) // (MAX_ROUNDS - 1) if self.rounds.get(key) else size
        return max(size * GROWTH, MIN_LATER_WINDOW) if self.rounds.get(key) else size

    def pile_wishes(self, groups: dict[Key, list[int]]) -> list[tuple[int, ...]]:
        """What to read from piles that were not read to their end."""
        return [
            (*key, self._from_pile(key, indexes), self.pile_after.get(key, 0))
            for key, indexes in groups.items()
            if key not in self.pile_read
        ]

    def _from_pile(self, key: Key, indexes: list[int]) -> int:
        """How many of them come from the pile: half where somebody is picky, while there is something ahead."""
        size = self.size(key, indexes)
        return size // 2 if key in self.picky and not self.claims.shelves[key].finished else size

    def candidates(self, groups: dict[Key, list[int]], piles: list[tuple[int, int, int, int]]) -> dict[Key, list[int]]:
        """The seqs to look at: the pile's first, then the window's."""
        looked: dict[Key, list[int]] = {}
        for pool_id, service_id, seq, tries in piles:
            self.pile_after[pool_id, service_id] = seq
            if (pool_id, service_id) in self.begun_again and seq > self.pile_begun[pool_id, service_id]:
                self.pile_read.add((pool_id, service_id))  # from here on it was read before
                continue
            looked.setdefault((pool_id, service_id), []).append(seq)
            self.tries[pool_id, service_id, seq] = tries
        for key, indexes in groups.items():
            size = self.size(key, indexes)
            have = looked.setdefault(key, [])
            if len(have) < self._from_pile(key, indexes):
                if key in self.picky and key not in self.begun_again:
                    self.begun_again.add(key)
                    self.turned.add(key)
                    self.pile_after[key] = 0
                else:
                    self.pile_read.add(key)
            if len(have) < size:
                have.extend(self.claims.shelves[key].window(size - len(have)))
            self.rounds[key] = self.rounds.get(key, 0) + 1
        return looked

    def judge(self, key: Key, seqs: list[int], seen: dict[int, tuple[int, int, int, bool]], indexes: list[int]) -> None:
        """Decide on each candidate in order; every seq that the bookmark passes ends in use, pile or passed."""
        pool_id, service_id = key
        shelf = self.claims.shelves[key]
        edits = self.claims.edits
        need = list(indexes)
        progress = False
        for seq in seqs:
            tries = self.tries.get((pool_id, service_id, seq))
            ahead = tries is None
            if ahead:
                if not need:
                    break
                shelf.pass_by(seq)
                progress = True
            found = seen.get(seq)
            if found is None:  # somebody else holds it: it cannot be judged, so it stays worth a try
                self.locked.add(key)
                if ahead:
                    edits.on_pile.append((pool_id, service_id, seq))
                continue
            number_id, e164, state, used = found
            used = used or (number_id, service_id) in self.given_too
            free = state == NumberState.FREE and number_id not in self.taken
            if free and not used:
                taker = self._taker(key, need, number_id, e164) if need else None
                if taker is None:
                    if ahead:  # nobody here wants it: it stays worth a try
                        edits.on_pile.append((pool_id, service_id, seq))
                    progress = progress or bool(need)
                    continue  # and what is on the pile stays where it is
                need.remove(taker)
                self._take(taker, Claim(pool_id, service_id, number_id, e164, tries or 0, self.wishes[taker].also), seq)
            elif not used:
                edits.passed.append((number_id, service_id, tries or 0))
            if not ahead:
                edits.off_pile.append((pool_id, service_id, seq))
                progress = True
        if not progress and key not in self.turned:
            # What somebody else holds hides nothing behind it; but who only met such numbers does not ask again at once.
            at_end = shelf.finished and key in self.pile_read
            (self.stuck if at_end or key not in self.locked else self.held_up).add(key)
        else:
            self.held_up.discard(key)
        self.turned.discard(key)

    def _taker(self, key: Key, need: Sequence[int], number_id: int, e164: int) -> int | None:
        """The first who waits here and wants a free number; None when all of them are too picky for it."""
        if key not in self.picky:
            return need[0]
        for index in need:
            wish = self.wishes[index]
            if not (wish.excluded and str(e164).startswith(wish.excluded)) and not any(
                (number_id, service_id) in self.not_for for service_id in wish.also
            ):
                return index
            self.rejected.add(index)
        return None

    def _take(self, index: int, claim: Claim, seq: int) -> None:
        self.claims.found[index] = claim
        self.taken.add(claim.number_id)
        for service_id in claim.also:
            # Behind that shelf's bookmark it was on the pile, or was put there a moment ago; ahead it is met as used.
            place = (claim.pool_id, service_id, seq)
            self.given_too.add((claim.number_id, service_id))
            self.claims.edits.off_pile.append(place)
            if place in self.claims.edits.on_pile:
                self.claims.edits.on_pile.remove(place)

    def finish(self) -> Claims:
        """Mark the wishes whose shelves are not at their end: another batch goes on where this one stopped.

        Who was too picky has looked at enough.
        """
        for index, wish in enumerate(self.wishes):
            if self.claims.found[index] is not None:
                continue
            keys = [(pool_id, wish.service_id) for pool_id in wish.pool_ids]
            if not self.locked.isdisjoint(keys):
                self.claims.busy.add(index)
            if index not in self.rejected and any(
                key not in self.stuck | self.held_up
                and not (self.claims.shelves[key].finished and key in self.pile_read)
                for key in keys
            ):
                self.claims.more.add(index)
        return self.claims


async def claim(tx: Connection, wishes: Sequence[Wish], luck: Luck | None = None) -> Claims:
    """Find and lock a free, unused number for each wish. Every pool of a wish is tried before it is given up.

    A wish in `more` met only numbers that were not free, on a shelf that goes on: save, and ask again. `luck` is what the
    desk knows from its claims before.
    """
    if not wishes:
        return Claims([], set(), {}, Edits())
    luck = luck or Luck()
    keys = {
        (pool_id, service_id)
        for wish in wishes
        for service_id in (wish.service_id, *wish.also)
        for pool_id in wish.pool_ids
    }
    further = sorted({service_id for wish in wishes for service_id in wish.also})
    read: list[tuple[int, int, int, int]] | None = None
    if any(wish.excluded or wish.also for wish in wishes):
        search = _Search(wishes, await lock_shelves(tx, keys))
    else:
        firsts = Counter((wish.pool_ids[0], wish.service_id) for wish in wishes if wish.pool_ids)
        wants = {key: count + luck.spare for key, count in firsts.items()}
        shelves, read = await _lock_stocked(tx, keys, wants)
        search = _Search(wishes, shelves, luck.spare)
    rounds = 0
    while groups := search.groups():
        rounds += 1
        piles = await _piles(tx, search.pile_wishes(groups)) if read is None else read
        read = None
        looked = search.candidates(groups, piles)
        asked = [(*key, seq) for key, seqs in looked.items() for seq in seqs]
        rows = await tx.fetch(Q.lock_candidates, *columns(asked, 3)) if asked else []
        if further and rows:
            not_for = await tx.fetch(Q.not_for, [row["id"] for row in rows], further)
            search.not_for.update((number_id, service_id) for number_id, service_id in not_for)
        seen: dict[Key, dict[int, tuple[int, int, int, bool]]] = {}
        for pool_id, service_id, seq, number_id, e164, state, used in rows:
            seen.setdefault((pool_id, service_id), {})[seq] = (number_id, e164, state, used)
        for key, indexes in groups.items():
            search.judge(key, looked[key], seen.get(key, {}), indexes)
    luck.learn(rounds)
    return search.finish()


async def _piles(tx: Connection, unread: Sequence[tuple[int, ...]]) -> list[tuple[int, int, int, int]]:
    """The next rows of piles."""
    return [(p, s, seq, tries) for p, s, seq, tries in await tx.fetch(Q.read_piles, *columns(unread))] if unread else []


async def tidy(tx: Connection, claims: Claims) -> None:
    """Write what a claim found about piles and numbers that were not free; for who writes everything else otherwise."""
    if claims.edits.any:
        await tx.execute(Q.save_shelves, *columns((), 4), *_edited(claims.edits), *columns((), 3))


def _edited(edits: Edits) -> Iterable[list[int]]:
    return (*columns(edits.off_pile, 3), *columns(edits.on_pile, 3), *columns(edits.passed, 3))


async def save(tx: Connection, claims: Claims, leased: Sequence[tuple[Claim, int]]) -> None:
    """Write what a claim decided: `leased` pairs each claim that is used with its lease id."""
    if leased:
        given = await tx.fetchval(
            Q.save_numbers, *columns([(one.number_id, lease_id, one.service_id) for one, lease_id in leased], 3)
        )
        if given != len(leased):
            raise RuntimeError(f"{given} of {len(leased)} claimed numbers were free")
    also = [(one.pool_id, one.number_id, service_id) for one, _ in leased for service_id in one.also]
    if also:
        await tx.execute(Q.save_also, *columns(also, 3))
    counts: dict[Key, int] = {}
    for one, _ in leased:
        counts[one.pool_id, one.service_id] = counts.get((one.pool_id, one.service_id), 0) + 1
    counted = columns([(*key, count) for key, count in counts.items()], 3)
    await tx.execute(Q.save_shelves, *columns(claims.bookmarks, 4), *_edited(claims.edits), *counted)
