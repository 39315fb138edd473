"""Recordings in the forms that telephone systems write."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from numbank.voice.sound import A_LAW, EXTENSIBLE, MU_LAW, NotSound, Sound, read_wav, resampled
from tests.voice.wav import pcm16, tone, wav

pytestmark = pytest.mark.unit

SAMPLES = tone()


def test_sixteen_bits_are_read_as_they_are() -> None:
    sound = read_wav(wav(pcm16(SAMPLES)))
    assert (sound.rate, sound.seconds) == (8_000, 0.5)
    assert list(sound.samples) == SAMPLES


@pytest.mark.parametrize("bits", [8, 24, 32])
def test_other_widths_keep_the_loudest_sixteen_bits(bits: int) -> None:
    if bits == 8:
        data = bytes((one >> 8) + 128 for one in SAMPLES)
    else:
        data = b"".join((one << (bits - 16)).to_bytes(bits // 8, "little", signed=True) for one in SAMPLES)
    found = list(read_wav(wav(data, bits=bits)).samples)
    assert len(found) == len(SAMPLES)
    assert max(abs(there - here) for there, here in zip(found, SAMPLES, strict=True)) <= (255 if bits == 8 else 0)


# The ends and the middle of the two tables of G.711.
@pytest.mark.parametrize(
    ("code", "byte", "sample"),
    [(MU_LAW, 0xFF, 0), (MU_LAW, 0x7F, 0), (MU_LAW, 0x80, 32_124), (MU_LAW, 0x00, -32_124), (MU_LAW, 0xF0, 120),
     (A_LAW, 0xD5, 8), (A_LAW, 0x55, -8), (A_LAW, 0xAA, 32_256), (A_LAW, 0x2A, -32_256)],
)  # fmt: skip
def test_the_laws_of_the_telephone(code: int, byte: int, sample: int) -> None:
    assert list(read_wav(wav(bytes([byte]), code=code, bits=8)).samples) == [sample]


@pytest.mark.parametrize("code", [MU_LAW, A_LAW])
def test_louder_bytes_of_a_law_are_louder_samples(code: int) -> None:
    found = sorted(read_wav(wav(bytes(range(256)), code=code, bits=8)).samples)
    assert len(set(found)) >= 255
    assert [-one for one in reversed(found)] == found


def test_channels_are_mixed_and_unknown_chunks_are_passed_by() -> None:
    stereo = [value for one in SAMPLES for value in (one, 0)]
    note = b"LIST" + struct.pack("<I", 3) + b"abc\0"
    found = read_wav(wav(pcm16(stereo), channels=2, before=note))
    assert list(found.samples) == [one // 2 for one in SAMPLES]


def test_a_file_that_was_cut_off_is_read_to_where_it_goes() -> None:
    whole = wav(pcm16(SAMPLES))
    assert len(read_wav(whole[:-1_001]).samples) == len(SAMPLES) - 501


def test_the_long_form_names_its_format_further_behind() -> None:
    form = struct.pack("<HHIIHHHHIH", EXTENSIBLE, 1, 8_000, 16_000, 2, 16, 22, 16, 0, 1) + b"\0" * 14
    data = pcm16(SAMPLES)
    chunks = b"fmt " + struct.pack("<I", len(form)) + form + b"data" + struct.pack("<I", len(data)) + data
    assert list(read_wav(b"RIFF" + struct.pack("<I", 4 + len(chunks)) + b"WAVE" + chunks).samples) == SAMPLES


@pytest.mark.parametrize(
    "data",
    [b"", b"ID3\x03 some mp3", b"RIFF\0\0\0\0WAVE", b"RIFF\0\0\0\0AVI fmt ", wav(b"", code=85), wav(b"ab", bits=12),
     wav(b"ab", channels=0), wav(b"ab", rate=1), b"RIFF\0\0\0\0WAVEdata\2\0\0\0ab", wav(b"ab")[:30]],
)  # fmt: skip
def test_what_is_no_sound_is_refused(data: bytes) -> None:
    with pytest.raises(NotSound):
        read_wav(data)


@given(st.binary(max_size=200))
def test_any_bytes_are_sound_or_not(data: bytes) -> None:
    for made in (data, b"RIFF\0\0\0\0WAVE" + data, wav(data)):
        try:
            sound = read_wav(made)
        except NotSound:
            continue
        assert sound.rate > 0


def test_another_rate_keeps_the_length_and_the_shape() -> None:
    sound = read_wav(wav(pcm16(SAMPLES)))
    finer = resampled(sound, 16_000)
    assert (finer.rate, finer.seconds) == (16_000, 0.5)
    assert list(finer.samples[::2]) == SAMPLES
    coarser = resampled(Sound(48_000, sound.samples), 16_000)
    assert list(coarser.samples) == SAMPLES[: len(SAMPLES) // 3 * 3 : 3]
    assert resampled(sound, 8_000).samples == sound.samples
    assert len(resampled(read_wav(wav(b"")), 16_000).samples) == 0


def test_only_the_beginning_of_a_long_sound_is_heard() -> None:
    sound = read_wav(wav(pcm16(SAMPLES)))
    assert list(sound.first(0.1).samples) == SAMPLES[:800]
    assert sound.first(90.0).samples == sound.samples
