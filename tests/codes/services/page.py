"""Writes docs/services.md from the data of the package; a test holds the page against it.

python -m tests.codes.services.page docs/services.md
"""

from __future__ import annotations

import sys
from pathlib import Path

from numbank.codes.services import hints, templates
from numbank.codes.services.knowledge import Known, files, knowledge
from tests.suppliers.reference import brands, services

HEAD = """# Services that messages are recognised of

Generated from `numbank/codes/data/services` (`make docs`); what the files' keys mean stands in
`numbank/codes/services/knowledge.py`. A service is recognised by the sender id, by its name in any of its spellings
where the message speaks in the name's own voice ("[X]", "Your X code", "code for X", "Team X"), by the site that the
code is bound to, by known templates, and in mails by the address and name of the sender. Names of the catalogue count
for all its services; for the {count} services ({codes} codes) below the package knows more: local spellings, sender
ids, sites, how their codes look. They are chosen for use in the world and in the large countries. All of it is from
general knowledge and nothing was verified with the services; operators add and replace names, senders and templates
(`numbank code template`).

## Bounds of templates

A template has {pattern} characters and {places} places (`{{code}}`, `{{any}}`) at most, an expression (`re:`) {steps}
steps of RE2; an operator adds {each} per service at most. All templates together have {all:,} steps, all expressions
{most:,}; what is beyond that is left out with a line that says so. They are looked for in the first {limit:,} characters of
a message, and {matches} of them at most.

## What is ambiguous

* An *everyday* name is a word too: it counts as the sender, in templates, and where the text says that the message or
  its code is X's (the title, "Your X code", "code for X", the signature); where it just stands it says next to nothing.
* A message is clearly of whom its words say so. A name in a sentence or clause behind the code, in a warning, or in a
  message with another's title or sender is a guess at most: it tells of help, of partners, of swindlers.
* Two codes in one line are one service that the catalogue has twice: a message names both, the first is the answer.
* One row, several services: `go` is Google, YouTube and Gmail; `ig` Instagram and Threads; `lf` TikTok and Douyin;
  `hw` Alipay and 1688; `bz` Blizzard and Battle.net; `fd` Mamba and MeetMe; `of` Urent, Jet and RuSharing; `auh`
  KeeTa and Meituan; `atu` Sber and Kuper; `cq` Mercado Libre and Mercado Pago.
* The longest name wins: `bye` WhatsApp Business before `wa`, `gf` Google Voice before `go`, `wf` Yandex Go before
  `ya`, `ud` Disney+ Hotstar before `bxf`, `ais` DiDi Food before `xk`, `aug` Magnit Market before `mg`.
* Rows whose meaning is a guess: `hc` (the shop of Taiwan and the wallet of Vietnam are both called momo), `apj`
  (taken as the log-in of T-Bank), `sq` (KuCoin), `byx` (Bolt's brand in Canada), `nq` (Trip.com), `bab` (account of
  Opera), `amd` (telecom of the Philippines), `caq` (payments, Brazil), `bkv` (ZEN.COM).
* A kind and no service: `ot`, `full` and `md` banks (never named), `ft` bookmakers. Digits alone name nobody: `1688`.
"""


def shared() -> dict[tuple[str, ...], list[str]]:
    """Names that several services have which are not the same: by services, the best known first."""
    twin_of = {twin: code for code, known in knowledge().items() for twin in known.also}
    found: dict[tuple[str, ...], list[str]] = {}
    for name, owners in brands().senders.items():
        different = tuple(dict.fromkeys(twin_of.get(code, code) for code in owners))
        if len(different) > 1:
            found.setdefault(different, []).append(name[1])
    return {owners: sorted(names) for owners, names in sorted(found.items())}


def page() -> str:
    """The whole page."""
    known = knowledge()
    count = len(known) + sum(len(service.also) for service in known.values())
    lines = [
        HEAD.format(
            count=len(known),
            codes=count,
            pattern=hints.MAX_PATTERN,
            places=hints.MAX_PLACES,
            steps=hints.MAX_EXPRESSION_STEPS,
            each=templates.MAX_PER_SERVICE,
            all=templates.MAX_ALL_STEPS,
            most=templates.MAX_ALL_EXPRESSION_STEPS,
            limit=templates.TEXT_LIMIT,
            matches=templates.MOST_MATCHES,
        )
    ]
    lines += ["Names that several services have; a message names all of them, the first is the answer:", ""]
    lines += [f"* {', '.join(names)}: {' and '.join(map(_called, owners))}" for owners, names in shared().items()]
    for file, members in files().items():
        lines += ["", f"## {file.replace('_', ' ').capitalize()}", ""]
        lines += [_line(code, service) for code, service in members.items()]
    return "\n".join(lines) + "\n"


def _called(code: str) -> str:
    return f"`{code}` {services()[code].name_en}"


def _line(code: str, service: Known) -> str:
    codes = ", ".join(f"`{one}`" for one in (code, *service.also))
    everyday = f" Everyday: {', '.join(service.everyday)}." if service.everyday else ""
    return f"* {codes} {service.name}: {service.about}.{everyday}"


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(page(), encoding="utf-8")
