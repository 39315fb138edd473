"""The data about services fits the catalogue, and says nothing twice."""

import collections
import re
from pathlib import Path

import pytest

from numbank.codes.services import Hint, HintError, HintKind, check_hint, usual
from numbank.codes.services.knowledge import knowledge
from numbank.codes.services.names import key_of
from numbank.codes.services.templates import Template, compile_templates
from tests.codes.services.page import page, shared
from tests.suppliers.reference import brands, services

pytestmark = pytest.mark.unit

PAGE = Path(__file__).parents[3] / "docs" / "services.md"
CODED = {code for first, known in knowledge().items() for code in (first, *known.also)}
HOST = re.compile(r"(?:[a-z0-9-]+\.)+[a-z]{2,}")

# What is named like another service on purpose; everything else that two services share is a mistake in the data.
SHARED = {
    ("ab", "hw"): ["alibaba", "алибаба", "阿里巴巴"],
    ("abd", "apn"): ["beboo"],
    ("bkg", "bd"): ["впрок"],
    ("pl", "bd"): ["перекресток"],
    ("ub", "ya"): ["uber"],
    ("vy", "fb"): ["мета"],
    ("wj", "ft"): ["1xstavka"],
}


def test_every_code_is_one_of_the_catalogue_and_occurs_once() -> None:
    assert set(services()) >= CODED
    assert len(CODED) == sum(1 + len(known.also) for known in knowledge().values())
    assert len(knowledge()) >= 300


def test_no_two_services_share_a_name_silently() -> None:
    assert shared() == SHARED


def test_no_two_services_share_a_site() -> None:
    sites = collections.Counter(host for known in knowledge().values() for host in (*known.hosts, *known.open_hosts))
    assert [host for host, count in sites.items() if count > 1] == []
    assert [host for host in sites if not HOST.fullmatch(host)] == []


def test_everyday_words_are_names_of_their_service() -> None:
    for code, known in knowledge().items():
        assert set(known.everyday) <= set(known.spellings), code
        assert len(set(known.spellings)) == len(known.spellings), code


def test_every_service_is_called_as_in_the_catalogue_or_has_that_name_too() -> None:
    first = {code: re.split("[/,+]", services()[code].name_en)[0] for code in CODED}
    assert [code for code, name in first.items() if code not in brands().sender(key_of(name), "")] == []


def test_usual_codes_are_plausible() -> None:
    for code in CODED:
        looks = usual(code)
        assert all(3 <= length <= 10 for length in looks.lengths), code
        groups = [int(group) for group in looks.grouped.split("-") if group]
        assert not groups or sum(groups) == looks.lengths[0], code


def test_what_is_usual_is_told_for_twins_and_not_for_strangers() -> None:
    assert usual("wa").lengths == (6,)
    assert usual("wa").grouped == "3-3"
    assert usual("mt").letters
    assert usual("eh") == usual("tg")
    assert "WHTSAP" in usual("wa").senders
    assert usual("nosuch").lengths == ()


def test_every_template_of_the_package_compiles() -> None:
    templates = [Template(code, text) for code, known in knowledge().items() for text in known.templates]
    assert len(templates) > 10
    assert compile_templates(templates)[1] == []
    for code, known in knowledge().items():
        for text in known.templates:
            check_hint(Hint(code, HintKind.TEMPLATE, text))


def test_senders_of_a_country_name_it() -> None:
    for code, known in knowledge().items():
        for sender in known.senders:
            country, _, text = sender.rpartition(":")
            check_hint(Hint(code, HintKind.SENDER, text, country))
            assert country or not text.isdigit(), f"{code}: the short number {text} is somebody else's abroad"


def test_the_page_of_services_is_up_to_date() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "make docs writes it"


def test_the_page_speaks_of_services_that_exist() -> None:
    assert set(re.findall(r"`([a-z]{2,3})`", page())) <= set(services())


def test_a_hint_of_no_country_is_refused() -> None:
    with pytest.raises(HintError, match="two capital letters"):
        check_hint(Hint("wa", HintKind.SENDER, "Acme", "Germany"))
