"""Where words begin and end in the scripts of the world."""

import pytest

from numbank.codes.words import joined, word_end

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    "word", ["code", "код", "κωδικός", "kód", "कोड", "संदेश", "கடவுச்சொல்", "కోడ్", "קוד", "کد", "ኮድ", "კოდი", "կոդ"]
)
def test_letters_and_the_signs_of_vowels_are_one_word(word: str) -> None:
    assert all(joined(word, at) for at in range(1, len(word)))
    assert word_end(word + " 4829", 1) == len(word)


@pytest.mark.parametrize("text", ["รหัส", "验证码", "コード", "인증번호"])
def test_words_of_scripts_that_do_not_part_them_may_end_anywhere(text: str) -> None:
    assert not any(joined(text, at) for at in range(1, len(text)))


def test_digits_of_one_number_are_joined_and_a_letter_beside_them_is_not() -> None:
    assert joined("618204", 3)
    assert not joined("otp618204", 3)
    assert not joined("otp", 0)
    assert not joined("otp", 3)
