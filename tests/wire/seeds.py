"""The two documents that the product is built from: every action of their Activation sections and every word in it.

`python -m tests.wire.seeds FOLDER` reads the documents in FOLDER and writes the table; the table is kept with the tests, for
the documents are not part of the repository.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path

import msgspec

TABLE = Path(__file__).parent / "seed_table.tsv"
SENTENCE = "The service is prohibited for sale by administration"
WORD = re.compile(rf"\b(?:[A-Z]{{2,}}(?:_[A-Z]+)+|BANNED|ADDITIONAL)\b|{SENTENCE}")
ACTION = re.compile(r"^&action=(\w+)$")

# The first document lost the addresses of its actions: its headings tell them (protocol.md 2).
HEADINGS = {
    "Request the available quantity of virtual numbers": ("getNumbersStatus",),
    "Request for top countries by service FreePrice": ("getTopCountriesByService",),
    "Balance inquiry": ("getBalance", "getBalanceAndCashBack"),
    "Request available operators": ("getOperators",),
    "Request active activations": ("getActiveActivations",),
    "Request a number FreePrice": ("getNumber",),
    "V2 Number Request FreePrice": ("getNumberV2",),
    "Ordering a virtual number for several services": ("getMultiServiceNumber",),
    "Change of activation status": ("setStatus",),
    "Get activation status": ("getStatus",),
    "Get an activation status Version 2": ("getStatusV2",),
    "Get activation history": ("getHistory",),
    "Get TOP 10 countries by a service": ("getListOfTopCountriesByService",),
    "Get the status of an incoming call": ("getIncomingCallStatus",),
    "Get current prices by country": ("getPrices",),
    "Get up-to-date prices for services for verification": ("getPricesVerification",),
    "Get a list of all countries": ("getCountries",),
    "Get a list of all services": ("getServicesList",),
    "Additional service for redirected numbers": ("getAdditionalService",),
    "Virtual number reactivation": ("getExtraActivation",),
    "Get a price for additional number activation": ("checkExtraActivation",),
    "Repeated voice parsing": ("parseCall",),
    "Request available countries and services": ("getRentServicesAndCountries",),
    "Order a virtual number rental": ("getRentNumber",),
    "get status for rent": ("getRentStatus",),
    "Rental Status Change": ("setRentStatus",),
    "List current activations": ("getRentList",),
    "Extend your lease": ("continueRentNumber",),
    "Get the cost of rent renewal": ("getContinueRentPriceNumber",),
    "Get a list with offers": ("getDomains",),
    "Buy verification by mail": ("buyMailActivation",),
    "Mail reactivation": ("reorderMailActivation",),
    "Get a list of active purchases": ("getMailHistory",),
    "Cancel the email purchase": ("cancelMailActivation",),
    "Check if the e-mail has been recieved": ("checkMailActivation",),
    "Buy partner software": ("buyPartnerProduct",),
}
# The parts of it that describe actions, each from its heading to the next part; what follows the last one are samples.
PARTS = (("Activation API", "Rent Api"), ("Rent Api", "Beginning of work"), ("Email API", "SAMPLES"))
SAMPLES = 'include_once ("smsactivateApi.php");'
# Named elsewhere in it: in the description of the Java library and in the samples.
BESIDE = ("getFullSms",)
# The second document calls this section's action getStatus in its sample; its heading tells better (protocol.md 2.11).
SLIP = "Activation API: Get the activation status v2copy-link"


class Row(msgspec.Struct, frozen=True, order=True):
    """A word that a document prints in the section of an action; empty: the section has none."""

    dialect: str
    action: str
    word: str


def table() -> list[Row]:
    """The table that is kept."""
    lines = TABLE.read_text(encoding="utf-8").splitlines()[1:]
    return [Row(*line.split("\t")) for line in lines]


def first(text: str) -> Iterator[Row]:
    """The rows of the SMS-Activate document."""
    lines = ["SAMPLES" if line.strip().startswith(SAMPLES) else line for line in text.splitlines()]
    for start, end in PARTS:
        actions: tuple[str, ...] = ()
        for line in lines[lines.index(start) : lines.index(end)]:
            if line in HEADINGS:
                actions = HEADINGS[line]
                yield from (Row("sms_activate", action, "") for action in actions)
            yield from (Row("sms_activate", action, word) for action in actions for word in WORD.findall(line))
    yield from (Row("sms_activate", action, "") for action in BESIDE if f"{action}: " in text)


def second(text: str) -> Iterator[Row]:
    """The rows of the KoalaSMS document."""
    action, slipped = "", False
    for line in text.splitlines():
        if line.endswith("copy-link"):
            action, slipped = "", line == SLIP
        found = ACTION.match(line)
        if found:
            action = "getStatusV2" if slipped else found[1]
            yield Row("koala", action, "")
        if action:
            yield from (Row("koala", action, word) for word in WORD.findall(line))


def documents(folder: Path) -> list[Row]:
    """All rows of both documents."""
    texts = [file.read_text(encoding="utf-8") for file in sorted(folder.glob("*.txt"))]
    rows = {*first(next(text for text in texts if "SMS-Activate" in text))}
    rows |= {*second(next(text for text in texts if text.startswith("API KoalaSMS")))}
    named = {(row.dialect, row.action) for row in rows if row.word}
    return sorted(row for row in rows if row.word or (row.dialect, row.action) not in named)


if __name__ == "__main__":
    written = [
        "dialect\taction\tword",
        *("\t".join((row.dialect, row.action, row.word)) for row in documents(Path(sys.argv[1]))),
    ]
    TABLE.write_text("\n".join(written) + "\n", encoding="utf-8")
    sys.stdout.write(f"{len(written) - 1} rows\n")
