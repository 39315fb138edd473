"""Reads a message: which one-time code it carries and which services it clearly names; pure, lowest layer.

The way of a text: `plain` (one spelling) -> `reading` (cues, whose codes they mean, sentences) -> `candidates`
(what could be a code) -> `judging` by `vetoes` and `numbers` (what is owned, a date, an amount, a phone) -> `scoring` by
the `noun_`, `place_` and `whole_` evidence and its doubts -> `decide` (the best one, if it is clearly the best). `mail` and
`spoken` bring mails and transcripts to such a text and go the same way; `services` says whose message it is; `memory`
knows what was read in a message of the same shape. Language knowledge lives in `data/`, not in code.
"""

from numbank.codes.decide import Found, recognise
from numbank.codes.services import Brands, named_services

__all__ = ["Brands", "Found", "named_services", "recognise"]
