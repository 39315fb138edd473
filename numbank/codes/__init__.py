"""Reads a message: which one-time code it carries and which services it clearly names; pure, lowest layer.

The way of a text: `plain` (one spelling) -> `reading` (cues, whose codes they mean, sentences) -> `candidates`
(what could be a code) -> `vetoes` and `scoring` (what speaks against and for each) -> `decide` (the best one, if it
is clearly the best). A mail: `html_text` and `mail_text` (its lines), the same way with `mail_evidence`, and `links`.
Language knowledge lives in `data/`, not in code.
"""

from numbank.codes.brands import named_services
from numbank.codes.decide import Found, recognise
from numbank.codes.names import Brands

__all__ = ["Brands", "Found", "named_services", "recognise"]
