"""Dialects: how the words differ. Adding one is one file; it is mounted by listing it here."""

from numbank.wire.dialects.base import Dialect
from numbank.wire.dialects.koala import KOALA
from numbank.wire.dialects.sms_activate import SMS_ACTIVATE

DIALECTS: tuple[Dialect, ...] = (SMS_ACTIVATE, KOALA)

__all__ = ["DIALECTS", "KOALA", "SMS_ACTIVATE", "Dialect"]
