"""Says whose message it is: by its sender, its words, the site that its code is bound to, known templates.

`named_services` tells all services that the message clearly names, so that it is not handed to a lease of another one:
too few is better than a wrong one. `service_of` tells the one that it is most likely of, and how sure that is.
"""

from collections.abc import Sequence

import msgspec

from numbank.codes.lexicon import lexicon
from numbank.codes.plain import normalise
from numbank.codes.reading import read
from numbank.codes.services.claims import CLEAR, Claim, Kind, claims_of
from numbank.codes.services.names import Brands, own_brands


class Service(msgspec.Struct, frozen=True):
    """Whose message it is: a code of the catalogue, its name, how sure that is (0 to 1), and by what it was known."""

    code: str
    name: str
    confidence: float
    why: str


def named_services(text: str, sender: str, brands: Brands, *, country: str = "") -> frozenset[str]:
    """Codes of the services that the message clearly names, all that share the name; empty when none is clear."""
    plain = normalise(text)
    return clear(claims_of(plain, read(plain, lexicon()), sender, brands, country=country))


def service_of(
    text: str, sender: str = "", brands: Brands | None = None, *, kind: Kind = "sms", country: str = ""
) -> Service | None:
    """The service that a message is most likely of; None if nothing tells.

    Of a mail the text is the subject, a line break and the visible text, the sender its address with or without name.
    `country` (ISO 3166) is that of the number, "" if unknown. Without `brands` only the package's own services are known.
    """
    brands = brands or own_brands()
    plain = normalise(text)
    return likeliest(claims_of(plain, read(plain, lexicon()), sender, brands, kind=kind, country=country), brands)


def clear(claims: Sequence[Claim]) -> frozenset[str]:
    """The services of all claims that are clear."""
    return frozenset(code for claim in claims if claim.confidence >= CLEAR for code in claim.owners)


def likeliest(claims: Sequence[Claim], brands: Brands) -> Service | None:
    """The service of the surest claim, of equal ones the first in the text."""
    if not claims:
        return None
    best = max(claims, key=lambda claim: (claim.confidence, -claim.span[0]))
    code = best.owners[0]
    return Service(code, brands.titles[code], best.confidence, best.why)
