"""What the simulator writes, the bank reads: the right code, and never only another service."""

from __future__ import annotations

import pytest

from numbank.catalogue import tables
from numbank.catalogue.model import ANY_SERVICE_CODE
from numbank.clock import Chance
from numbank.codes import Brands, named_services, recognise
from numbank.suppliers.simulator.messages import Writer, brand_of
from numbank.suppliers.simulator.plan import chance_for
from numbank.suppliers.simulator.templates import BRAND, FORMS, book, fill
from tests.suppliers.reference import brands, services, writer

pytestmark = pytest.mark.unit

CODED = [(language, kind, text) for language, texts in sorted(book().languages.items())
         for kind in ("branded", "plain") for text in getattr(texts, kind)]  # fmt: skip
SILENT = [(language, text) for language, texts in sorted(book().languages.items())
          for text in (*texts.silent, *texts.silent_plain)]  # fmt: skip
STYLED = [(code, language, text) for code, style in sorted(book().styles.items())
          for language, texts in sorted(style.texts.items()) for text in texts]  # fmt: skip
SEEDS = range(20)


def well_known() -> list[str]:
    """The first names of 200 services whose name is not an everyday word."""
    found = [service for service in services().values() if len(service.name_en) > 5 and " " not in service.name_en]
    return [service.code for service in found if service.name_en.isalpha()][:200]


@pytest.mark.parametrize(("language", "kind", "template"), CODED)
def test_the_code_of_every_template_is_read_for_200_services(language: str, kind: str, template: str) -> None:
    assert len(well_known()) == 200
    misread = []
    for seed, code in enumerate(well_known()):
        brand = brand_of(services()[code], language)
        assert brand
        text, right = fill(template, brand, Chance(seed))
        assert right is not None
        if recognise(text, sender="22395").code != right:
            misread.append(text)
    # A name such as "Airtime" makes another word of the code; such a service gets other templates.
    assert len(misread) <= 3, misread


@pytest.mark.parametrize(("language", "kind", "template"), [row for row in CODED if row[1] == "plain"])
def test_plain_templates_name_no_service_whatever_the_gateway(language: str, kind: str, template: str) -> None:
    for sender in book().senders:
        for seed in SEEDS:
            text, right = fill(template, "", Chance(seed))
            assert recognise(text, sender=sender).code == right, text
            assert not named_services(text, sender, brands()), text


@pytest.mark.parametrize(("language", "template"), SILENT)
def test_silent_templates_carry_no_code(language: str, template: str) -> None:
    for code in well_known()[:50]:
        brand = brand_of(services()[code], language)
        assert brand
        text, right = fill(template, brand, Chance(1))
        assert right is None
        assert recognise(text, sender="22395").code is None, text


@pytest.mark.parametrize(("code", "language", "template"), STYLED)
def test_the_style_of_a_service_is_read_and_names_it(code: str, language: str, template: str) -> None:
    sender = book().styles[code].sender
    for seed in SEEDS:
        text, right = fill(template, "", Chance(seed))
        assert right is not None
        assert recognise(text, sender=sender).code == right, text
        assert code in named_services(text, sender, brands()), text


@pytest.mark.parametrize("every", [pytest.param(1, marks=pytest.mark.slow), 10])
def test_almost_every_service_is_named_in_its_messages(every: int) -> None:
    asked = list(services().items())[::every]
    named = 0
    for code, service in asked:
        text = writer().coded(service, "GB", chance_for(1, service.id))
        named += code in named_services(text.text, text.sender, brands())
    assert named > 0.97 * len(asked)


def test_a_wrong_message_clearly_names_another_service() -> None:
    for code in [*well_known()[:40], *book().decoys]:
        service = services()[code]
        for iso2 in ("RU", "GB", "ES", "DE"):
            wrong = writer().wrong(service, iso2, chance_for(7, service.id))
            assert wrong is not None
            named = named_services(wrong.text, wrong.sender, brands())
            assert named
            assert code not in named


def test_there_is_no_wrong_message_where_no_other_service_is_known() -> None:
    telegram = services()["tg"]
    alone = Writer({"tg": telegram}, Brands.build([("tg", telegram.names)]))
    assert alone.wrong(telegram, "GB", Chance(1)) is None


def test_any_other_service_has_no_name() -> None:
    text = writer().coded(services()[ANY_SERVICE_CODE], "GB", Chance(1))
    assert not named_services(text.text, text.sender, brands())


@pytest.mark.parametrize(
    ("code", "language", "brand"),
    [("go", "en", "Google"), ("lf", "en", "TikTok"), ("ig", "en", "Instagram"), ("vk", "ru", "Вконтакте"),
     ("vk", "en", "vk.com"), ("ya", "ru", "Яндекс"), ("ot", "en", None)],
)  # fmt: skip
def test_a_brand_is_the_first_name_in_the_language(code: str, language: str, brand: str | None) -> None:
    assert brand_of(services()[code], language) == brand


def test_equal_chances_write_equal_messages_and_others_do_not() -> None:
    telegram = services()["tg"]
    texts = [writer().coded(telegram, "GB", chance_for(1, lease_id)) for lease_id in (5, 5, 6)]
    assert texts[0] == texts[1]
    assert texts[0] != texts[2]
    assert texts[0] != writer().coded(telegram, "GB", chance_for(2, 5))
    assert texts[0] != writer().coded(telegram, "GB", chance_for(1, 5, turn=1))


def test_every_country_of_the_book_exists_and_every_code_has_one_place() -> None:
    known = {row["iso2"] for row in tables.rows("countries")}
    assert set(book().language_of) <= known
    assert set(book().language_of.values()) | {"en"} == set(book().languages)
    for _, kind, template in CODED:
        assert sum(template.count(place) for place in FORMS) == 1, template
        assert (BRAND in template) == (kind == "branded"), template


def test_a_code_of_four_digits_never_looks_like_a_year() -> None:
    codes = {fill("{c4}", "", Chance(seed))[1] for seed in range(3_000)}
    assert not any(code and code.startswith(("19", "20")) for code in codes)
    assert len(codes) > 2_000
