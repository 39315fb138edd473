"""What is decided about mailboxes: states, what shows, prices, room; what an address and a site are."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from numbank.clock import Chance
from numbank.errors import BadRequest, BadSite, EarlyCancel, NoMailbox, Refusal
from numbank.mailbox import rules
from numbank.mailbox.address import new_local, normalise, split
from numbank.mailbox.model import Lease, MailType, Offer, Room
from numbank.mailbox.site import host_of, name_of, site_of
from numbank.mailbox.states import TABLE, Charge, Event, State
from numbank.messages.model import Fate
from tests.mailbox.world import mail

pytestmark = pytest.mark.unit

NOW = datetime(2026, 1, 1, tzinfo=UTC)
WAITING = Lease(
    1, 2, 3, 4, "a@b.example", "site.example", 5, 1_000, 840, State.WAITING, None, NOW, NOW + timedelta(minutes=2),
    NOW + timedelta(minutes=20),
)  # fmt: skip
LATER = NOW + timedelta(minutes=5)


def lease(state: State, ended_by: Event | None = None) -> Lease:
    return msgspec.structs.replace(WAITING, state=state, ended_by=ended_by)


def test_every_live_state_knows_every_event_and_what_is_paid_is_never_given_back() -> None:
    for state in (State.WAITING, State.RECEIVED):
        for event in Event:
            if (state, event) == (State.WAITING, Event.REORDER):
                assert (state, event) not in TABLE
                continue
            step = TABLE[state, event]
            assert step.charge is not Charge.VOID or state is State.WAITING
            assert (step.charge is Charge.POST) == (state is State.WAITING and event is Event.MAIL)


@pytest.mark.parametrize(
    ("value", "has_code", "shown"),
    [(None, False, "59204"), ("https://b.example/1", False, "https://b.example/1"), ("482913", True, "482913")],
)
def test_a_guess_that_is_handed_out_shows_only_where_nothing_else_does(
    value: str | None, has_code: bool, shown: str
) -> None:
    held = msgspec.structs.replace(lease(State.RECEIVED), value=value, has_code=has_code)
    guess = mail("a@b.example", code="59204", uncertain="59204", confidence=0.5)
    found = rules.receive(held, guess, 9, LATER)
    assert not isinstance(found, Refusal)
    assert found[0].value == shown


@pytest.mark.parametrize(
    ("state", "event", "to"),
    [
        (State.WAITING, Event.CANCEL, State.CANCELLED),
        (State.RECEIVED, Event.CANCEL, State.CLOSED),
        (State.WAITING, Event.MAIL, State.RECEIVED),
        (State.RECEIVED, Event.MAIL, State.RECEIVED),
        (State.RECEIVED, Event.REORDER, State.DONE),
    ],
)
def test_events_lead_on(state: State, event: Event, to: State) -> None:
    change = rules.advance(lease(state), event, LATER)
    assert isinstance(change, rules.Change)
    assert (change.to, change.idle, change.ended) == (to, False, to >= State.DONE)


def test_what_waits_for_its_mail_is_not_gone_on_with() -> None:
    assert isinstance(rules.advance(lease(State.WAITING), Event.REORDER, LATER), NoMailbox)


def test_a_cancel_has_its_window_and_an_expiry_its_time() -> None:
    for state in (State.WAITING, State.RECEIVED):
        assert isinstance(rules.advance(lease(state), Event.CANCEL, NOW + timedelta(seconds=119)), EarlyCancel)
        assert isinstance(rules.advance(lease(state), Event.CANCEL, NOW + timedelta(seconds=120)), rules.Change)
        assert isinstance(rules.advance(lease(state), Event.EXPIRE, NOW + timedelta(seconds=1199)), NoMailbox)
        assert isinstance(rules.advance(lease(state), Event.EXPIRE, NOW + timedelta(seconds=1200)), rules.Change)


@pytest.mark.parametrize("state", [State.DONE, State.CANCELLED, State.CLOSED])
@pytest.mark.parametrize("ended_by", [Event.CANCEL, Event.EXPIRE, Event.REORDER])
@pytest.mark.parametrize("event", list(Event))
def test_after_the_end_only_a_repeated_cancel_succeeds(state: State, ended_by: Event, event: Event) -> None:
    change = rules.advance(lease(state, ended_by), event, LATER)
    if event is ended_by is Event.CANCEL:
        assert change == rules.Change(state, Charge.NONE, idle=True)
    else:
        assert isinstance(change, NoMailbox)


@pytest.mark.parametrize(
    ("state", "status"),
    [(State.WAITING, 3), (State.RECEIVED, 5), (State.DONE, 5), (State.CANCELLED, 4), (State.CLOSED, 6)],
)
def test_states_have_numbers_of_the_wire(state: State, status: int) -> None:
    assert state.status == status


def test_what_nobody_can_read_reaches_nobody() -> None:
    empty = mail("a@b.example", text=" \n", subject="", code=None)
    assert rules.fate(empty, WAITING) is Fate.NO_TEXT
    assert rules.fate(msgspec.structs.replace(empty, subject="Your code: 1"), WAITING) is Fate.ATTACHED
    assert rules.fate(msgspec.structs.replace(empty, link="https://a.example"), WAITING) is Fate.ATTACHED
    assert rules.fate(mail("a@b.example"), None) is Fate.NO_LEASE
    assert rules.fate(mail("a@b.example"), lease(State.DONE, Event.EXPIRE)) is Fate.NO_LEASE


mails = st.lists(
    st.tuples(st.sampled_from([None, "1", "2"]), st.sampled_from([None, "https://a", "https://b"])), max_size=8
)


@given(mails)
def test_the_newest_of_the_best_mails_shows(came: list[tuple[str | None, str | None]]) -> None:
    now, posted = WAITING, 0
    for number, (code, link) in enumerate(came, start=1):
        found = rules.receive(now, mail("a@b.example", code=code, link=link), number, LATER)
        assert not isinstance(found, Refusal)
        now, charge = found
        posted += charge is Charge.POST
    worth = [2 if code else 1 if link else 0 for code, link in came]
    best = max((number for number, one in enumerate(worth) if one == max(worth)), default=None)
    assert now.mails == len(came)
    assert posted == bool(came)
    assert now.mail_id == (None if best is None else best + 1)
    assert now.value == (None if best is None else came[best][0] or came[best][1])
    assert now.has_code == (best is not None and worth[best] == 2)


@pytest.mark.parametrize("count", [-1, 0, 11, 10**9])
def test_one_to_ten_at_once(count: int) -> None:
    assert isinstance(rules.many(count), BadRequest)
    assert rules.many(1) is rules.many(10) is None


def test_the_nearest_decision_counts() -> None:
    said = {"example.com": True, "open.example.com": False, "shut.open.example.com": True}
    for site, denied in (
        ("example.com", True), ("a.example.com", True), ("open.example.com", False), ("a.open.example.com", False),
        ("a.shut.open.example.com", True), ("badexample.com", False), ("com", False),
    ):  # fmt: skip
        assert rules.denied(site, said) is denied


def test_prices_for_the_site_and_of_domains_come_first() -> None:
    offers = [
        Offer(1, MailType.ZONE, "", 10, None), Offer(2, MailType.ZONE, "s.example", 20, None),
        Offer(3, MailType.POPULAR, "", 30, None), Offer(4, MailType.POPULAR, "s.example", 40, None),
    ]  # fmt: skip

    def chosen(site: str, mail_type: MailType | None, among: list[Offer] = offers) -> int | None:
        found = rules.price_for(among, site, mail_type)
        return None if found is None else found.price_id

    assert chosen("s.example", None) == chosen("s.example", MailType.POPULAR) == 4
    assert chosen("t.example", None) == chosen("t.example", MailType.POPULAR) == 3
    assert chosen("s.example", MailType.ZONE) == 2
    assert chosen("t.example", MailType.ZONE) == 1
    assert chosen("t.example", MailType.POPULAR, offers[:2]) is None
    assert chosen("t.example", None, offers[1:2]) is None


@given(st.lists(st.integers(-3, 12), max_size=6), st.integers(1, 10))
def test_addresses_are_spread_over_what_has_room(left: list[int], count: int) -> None:
    rooms = [Room(number, f"d{number}.example", one) for number, one in enumerate(left)]
    chosen = rules.spread(rooms, count)
    total = sum(max(0, one) for one in left)
    if total < count:
        assert chosen is None
        assert [room.left for room in rooms] == left
    else:
        assert chosen is not None
        assert len(chosen) == count
        for room, before in zip(rooms, left, strict=True):
            taken = sum(one is room for one in chosen)
            assert room.left == before - taken
            assert taken == 0 or room.left >= 0


@given(st.integers(-5, 50), st.none() | st.integers(0, 50))
def test_no_more_is_shown_than_can_be_sold(left: int, remaining: int | None) -> None:
    shown = rules.available(left, remaining)
    assert 0 <= shown <= max(0, left)
    assert remaining is None or shown <= remaining


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("abc@mail.example", "abc@mail.example"),
        ("<ABC@Mail.Example>", "abc@mail.example"),
        (" abc+tag+more@mail.example. ", "abc@mail.example"),
        ('"abc"@mail.example', "abc@mail.example"),
        ('"a\\bc"@mail.example', "abc@mail.example"),
        ("abc@почта.рф", "abc@xn--80a1acny.xn--p1ai"),
        ("abc@XN--80A1ACNY.xn--p1ai", "abc@xn--80a1acny.xn--p1ai"),
        ("abc@mail。example", "abc@mail.example"),
        (f"{'a' * 64}@mail.example", f"{'a' * 64}@mail.example"),
    ],
)
def test_recipients_are_normalised(typed: str, kept: str) -> None:
    assert normalise(typed) == kept
    assert normalise(kept) == kept


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "@",
        "abc",
        "abc@",
        "@mail.example",
        "a b@mail.example",
        '"a b"@mail.example',
        '"a@b"@mail.example',
        "a..b@mail.example",
        ".a@mail.example",
        "a.@mail.example",
        "+tag@mail.example",
        "abc@mail",
        "abc@-mail.example",
        "abc@mail..example",
        "abc@[127.0.0.1]",
        "abc@127.0.0.1",
        "ábc@mail.example",
        "a\0b@mail.example",
        "a\r\nb@mail.example",
        "a@b@mail.example",
        f"{'a' * 65}@mail.example",
        f"abc@{'a' * 64}.example",
        f"abc@{'a.' * 130}example",
        "abc@mail.exa mple",
        "abc\ud800@mail.example",
        "abc@mail\ud800.example",
        '"abc@mail.example',
        "abc@mail.example\n@other.example",
    ],
)
def test_garbage_is_no_recipient(typed: str) -> None:
    assert normalise(typed) is None


@given(st.text(max_size=80))
def test_no_text_makes_normalising_fail(typed: str) -> None:
    for text in (typed, f"{typed}@mail.example", f"abc@{typed}", f"<{typed}@{typed}>"):
        found = normalise(text)
        if found is not None:
            assert normalise(found) == found
            assert found == found.lower()
            local, domain = split(found)
            assert 0 < len(local) <= 64
            assert host_of(domain) == domain
            assert "+" not in local


def test_new_addresses_are_letters_and_digits_that_normalising_keeps() -> None:
    chance = Chance(1)
    made = {new_local(chance) for _ in range(1_000)}
    assert len(made) == 1_000
    for local in made:
        assert (len(local), local[0].isalpha(), local.isalnum(), local.islower()) == (10, True, True, True)
        assert normalise(f"{local}@mail.example") == f"{local}@mail.example"


@pytest.mark.parametrize(
    ("typed", "site"),
    [
        ("telegram.com", "telegram.com"),
        (" HTTPS://www.Telegram.com:443/join?x=1#y ", "telegram.com"),
        ("web.telegram.com", "web.telegram.com"),
        ("www.web.telegram.com.", "web.telegram.com"),
        ("www.com", "www.com"),
        ("http://user:pass@site.example/", "site.example"),
        ("яндекс.рф", "xn--d1acpjx3f.xn--p1ai"),
        ("site.example:8080", "site.example"),
        ("//site.example/x", None),
        ("", None),
        ("   ", None),
        ("localhost", None),
        ("127.0.0.1", None),
        ("[::1]", None),
        ("no site.com", None),
        ("a_b.example", "a_b.example"),
        ("site.example\\x", "site.example"),
        ("ftp://x.site.example", "x.site.example"),
        ("a" * 3_000, None),
        ("-a.example", None),
        ("site..example", None),
        ("site.123", None),
        ("\ud800.example", None),
        ("site.example:port", None),
    ],
)
def test_sites_are_host_names(typed: str, site: str | None) -> None:
    found = site_of(typed)
    assert isinstance(found, BadSite) if site is None else found == site


@given(st.text(max_size=60))
def test_a_site_is_one_however_often_it_is_read(typed: str) -> None:
    for text in (typed, f"https://{typed}/", f"www.{typed}.example"):
        found = site_of(text)
        if not isinstance(found, BadSite) and not found.startswith("www."):
            assert site_of(found) == found


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("com", "com"),
        (" .COM ", "com"),
        ("@Mail.Example", "mail.example"),
        ("почта.рф", "xn--80a1acny.xn--p1ai"),
        ("", None),
        ("@", None),
        ("a\0b", None),
        ("a" * 300, None),
        ("line\nbreak", None),
        ("\ud800", None),
    ],
)
def test_names_of_zones_and_domains(typed: str, name: str | None) -> None:
    assert name_of(typed) == name
