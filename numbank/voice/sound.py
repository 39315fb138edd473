"""Recordings as sound: the forms of WAV that telephone systems write, made into what recognisers hear. Pure, no audioop.

`audioop` leaves Python with 3.13, and `wave` knows no G.711; both fit into a page.
"""

from __future__ import annotations

import struct
import sys
from array import array

import msgspec

PCM, A_LAW, MU_LAW, EXTENSIBLE = 1, 6, 7, 0xFFFE
MAX_CHANNELS = 8
MAX_RATE = 192_000
MIN_RATE = 4_000


class NotSound(Exception):  # noqa: N818  a no about a file, told to nobody but the log
    """The file is no WAV that can be read."""


class Sound(msgspec.Struct, frozen=True):
    """One channel of 16-bit samples."""

    rate: int
    samples: array[int]

    @property
    def seconds(self) -> float:
        """How long it is."""
        return len(self.samples) / self.rate

    def first(self, seconds: float) -> Sound:
        """Its beginning: 5 MB of the slowest sound are twenty minutes."""
        return Sound(self.rate, self.samples[: int(seconds * self.rate)])


def read_wav(data: bytes) -> Sound:
    """The sound in a WAV file (PCM of 8, 16, 24 or 32 bits, A-law, mu-law), its channels mixed. NotSound if it is none."""
    if len(data) < 12 or data[:4] != b"RIFF" or data[8:12] != b"WAVE":
        raise NotSound("no WAV file")
    form: bytes | None = None
    at = 12
    while at + 8 <= len(data):
        name, size = data[at : at + 4], struct.unpack_from("<I", data, at + 4)[0]
        chunk = data[at + 8 : at + 8 + size]  # a recorder that was cut off promises more than there is
        if name == b"fmt ":
            form = chunk
        elif name == b"data":
            if form is None:
                raise NotSound("data before its format")
            return _decode(form, chunk)
        at += 8 + size + size % 2
    raise NotSound("no data")


def _decode(form: bytes, data: bytes) -> Sound:
    if len(form) < 16:
        raise NotSound("a short format")
    code, channels, rate, _, _, bits = struct.unpack_from("<HHIIHH", form)
    if code == EXTENSIBLE and len(form) >= 26:
        code = struct.unpack_from("<H", form, 24)[0]
    if not 1 <= channels <= MAX_CHANNELS or not MIN_RATE <= rate <= MAX_RATE:
        raise NotSound("senseless numbers")
    return Sound(rate, _mixed(_samples(code, bits, data), channels))


def _samples(code: int, bits: int, data: bytes) -> array[int]:
    if code in (MU_LAW, A_LAW) and bits == 8:
        table = _MU if code == MU_LAW else _A
        return array("h", [table[byte] for byte in data])
    if code != PCM:
        raise NotSound(f"format {code}")
    if bits == 8:
        return array("h", [(byte - 128) << 8 for byte in data])
    if bits not in (16, 24, 32):
        raise NotSound(f"{bits} bits")
    width = bits // 8
    whole = len(data) // width * width
    # The two highest bytes of each sample; the others are finer than anybody hears on a telephone.
    kept = bytearray(whole // width * 2)
    kept[0::2], kept[1::2] = data[width - 2 : whole : width], data[width - 1 : whole : width]
    samples = array("h", bytes(kept))
    if sys.byteorder == "big":
        samples.byteswap()
    return samples


def _mixed(samples: array[int], channels: int) -> array[int]:
    if channels == 1:
        return samples
    frames = len(samples) // channels
    return array("h", [sum(samples[at * channels : (at + 1) * channels]) // channels for at in range(frames)])


def resampled(sound: Sound, rate: int) -> Sound:
    """The sound at another rate, with straight lines between samples."""
    if sound.rate == rate or not sound.samples:
        return Sound(rate, sound.samples)
    source, last = sound.samples, len(sound.samples) - 1
    found = array("h", bytes(2 * (len(source) * rate // sound.rate)))
    for place in range(len(found)):
        whole, part = divmod(place * sound.rate, rate)
        here = source[whole]
        found[place] = here + (source[min(whole + 1, last)] - here) * part // rate
    return Sound(rate, found)


def _mu(byte: int) -> int:
    byte = ~byte & 0xFF
    size = ((((byte & 0x0F) << 3) + 0x84) << ((byte & 0x70) >> 4)) - 0x84
    return -size if byte & 0x80 else size


def _a(byte: int) -> int:
    byte ^= 0x55
    exponent, mantissa = (byte & 0x70) >> 4, byte & 0x0F
    size = (mantissa << 4) + 8 if exponent == 0 else ((mantissa << 4) + 0x108) << (exponent - 1)
    return size if byte & 0x80 else -size


_MU = [_mu(byte) for byte in range(256)]
_A = [_a(byte) for byte in range(256)]
