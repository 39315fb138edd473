"""Reads the transcript of a call: numbers that were said become digits, then it is read like any text."""

from numbank.codes.spoken.hearing import hear
from numbank.codes.spoken.runs import as_numbers, once

__all__ = ["as_numbers", "hear", "once"]
