"""Connections are shared so that slow endpoints hold up only themselves."""

from __future__ import annotations

import pytest

from numbank.hooks.lanes import CAUTIOUS, Lanes, Rooms

pytestmark = pytest.mark.unit


class World:
    """Lanes with a clock of the test."""

    def __init__(self, total: int = 16, per_endpoint: int = 8) -> None:
        self.now = 0.0
        self.lanes = Lanes(total, per_endpoint, 1.0, lambda: self.now)

    def room(self, hook_id: int) -> int:
        rooms = self.lanes.rooms()
        known = dict(zip(rooms.hook_ids, rooms.rooms, strict=True))
        return min(known.get(hook_id, rooms.others), rooms.free)

    def hear(self, hook_id: int, seconds: float) -> None:
        mark = self.lanes.took(hook_id)
        self.now += seconds
        self.lanes.ended(hook_id, mark)


def test_a_stranger_gets_little_until_it_proved_quick() -> None:
    world = World()
    assert world.room(7) == CAUTIOUS
    world.hear(7, 0.1)
    assert world.room(7) == 8


def test_a_slow_endpoint_has_at_most_two_connections() -> None:
    world = World()
    world.hear(7, 3.0)
    assert world.room(7) == CAUTIOUS
    world.lanes.took(7)
    assert world.room(7) == 1
    world.lanes.took(7)
    assert world.room(7) == 0
    world.now += 60
    assert world.room(7) == 0


def test_one_that_hangs_counts_as_slow_before_it_ends() -> None:
    world = World()
    world.hear(7, 0.1)
    world.lanes.took(7)
    assert world.room(7) == 7
    world.now += 1.0
    assert world.room(7) == 1


def test_slow_ones_together_never_take_more_than_half() -> None:
    world = World(total=16)
    for hook_id in range(20):
        world.hear(hook_id, 2.0)
    for _ in range(10):
        rooms = world.lanes.rooms()
        for hook_id, room in zip(rooms.hook_ids, rooms.rooms, strict=True):
            for _ in range(room):
                world.lanes.took(hook_id)
    assert world.lanes.rooms().free == 8
    assert world.room(99) == CAUTIOUS


def test_new_ones_that_hang_never_fill_the_house() -> None:
    """Who makes endpoints that hang, one after the other, takes nothing from those that are known as quick."""
    world = World(total=16)
    world.hear(1_000, 0.1)
    assert world.lanes.rooms().strangers == 4
    for turn in range(20):
        rooms = world.lanes.rooms()
        for hook_id in range(turn * 100, turn * 100 + rooms.strangers):
            world.lanes.took(hook_id)
        assert world.lanes.rooms().strangers == 0, "at once no more than a quarter"
        for hook_id, room in zip(rooms.hook_ids, rooms.rooms, strict=True):
            for _ in range(room if hook_id != 1_000 else 0):
                world.lanes.took(hook_id)
        world.now += 60
    assert world.lanes.rooms().free == 4
    assert world.room(1_000) == 4


def test_a_new_one_gets_in_although_others_that_were_new_hang() -> None:
    world = World(total=6)
    world.lanes.took(1)
    assert world.lanes.rooms().strangers == 0
    world.now += 1.0  # that one is slow: the place of the new ones is free
    assert world.lanes.rooms().strangers == 1


def test_slow_ones_take_turns() -> None:
    world = World(total=4)
    for hook_id in range(6):
        world.hear(hook_id, 2.0)
    served = set()
    for _ in range(12):
        rooms = world.lanes.rooms()
        served |= {hook_id for hook_id, room in zip(rooms.hook_ids, rooms.rooms, strict=True) if room}
    assert served == set(range(6))


def test_nothing_is_free_when_all_is_used() -> None:
    world = World(total=2, per_endpoint=1)
    assert world.lanes.rooms() == Rooms(2, [], [], 1, 1)
    marks = [world.lanes.took(1), world.lanes.took(2)]
    assert world.lanes.rooms().free == 0
    world.lanes.ended(1, marks[0])
    assert world.lanes.rooms().free == 1


def test_one_that_became_quick_again_is_let_in() -> None:
    world = World()
    world.hear(7, 3.0)
    world.hear(7, 0.1)
    assert world.room(7) == 8
