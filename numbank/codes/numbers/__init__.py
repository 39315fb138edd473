"""Names the numbers of a text that are something else than a code: dates, amounts, phones, accounts, identifiers.

They are masked, not deleted, so distances stay true; and only where a candidate stands, so a message without one costs
nothing. `masked` asks them all; `near` is what each of them sees.
"""

from numbank.codes.numbers.masked import number_mask
from numbank.codes.numbers.near import Mask

__all__ = ["Mask", "number_mask"]
