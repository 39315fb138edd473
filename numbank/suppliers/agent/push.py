"""What an agent pushes, as bytes and as a message; takes what agents' software does wrong in the field (supply.md 1.4)."""

from __future__ import annotations

from urllib.parse import parse_qsl

import msgspec
from multipart import MultipartError

from numbank.asgi import multipart_fields
from numbank.catalogue.languages import parse_tag
from numbank.intake.door import MAX_E164, MAX_FOREIGN_ID, MAX_SENDER, MAX_TEXT, MAX_URL
from numbank.messages.model import Medium

MIN_PHONE = 5
# Whole numbers up to here are exact when a language keeps them as floating point.
MAX_EXACT_FLOAT = 2.0**53
BYTE_ORDER_MARK = b"\xef\xbb\xbf"


class BadPush(Exception):  # noqa: N818  a no of this door only, it never reaches the wire
    """The push cannot be understood; `reason` is for the agent's operator and repeats nothing that was sent."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


NAMES = {"sms_id": "smsId", "call_id": "callId", "phone_from": "phoneFrom", "recording_url": "recordingUrl"}


class Push(msgspec.Struct, frozen=True, rename=NAMES):
    """A push as it was sent; members that are not here are ignored."""

    action: str | None = None
    key: str | int | None = None
    sms_id: str | int | float | None = None
    phone: str | int | float | None = None
    phone_from: str | int | float | None = None
    text: str | int | None = None
    call_id: str | int | float | None = None
    transcript: str | int | None = None
    language: str | None = None
    recording_url: str | None = None


class Message(msgspec.Struct, frozen=True):
    """The message in a push. Of a call the text is the transcript, empty without one."""

    foreign_id: str
    e164: int
    sender: str
    text: str
    medium: Medium = Medium.SMS
    language: str | None = None
    recording_url: str = ""


_decode = msgspec.json.Decoder(Push).decode


def read_push(body: bytes, content_type: str, max_fields: int) -> Push:
    """A push from JSON or a form, told apart by how it begins: many agents send no or the wrong content type."""
    body = body.removeprefix(BYTE_ORDER_MARK).strip()
    try:
        if content_type.lower().startswith("multipart/form-data"):
            return msgspec.convert(dict(multipart_fields(body, content_type, max_fields)), Push)
        if body[:1] not in (b"{", b"[", b'"') and b"=" in body:
            pairs = parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=max_fields, errors="replace")
            return msgspec.convert({name.strip(): value for name, value in pairs}, Push)
        return _decode(body)
    except UnicodeDecodeError:
        raise BadPush("the body is not UTF-8") from None
    except msgspec.ValidationError as error:
        raise BadPush(str(error)) from None
    except (msgspec.DecodeError, RecursionError):
        raise BadPush("the body is neither JSON nor a form") from None
    except (ValueError, MultipartError):
        raise BadPush("the form is broken or has too many fields") from None


def sms_of(push: Push) -> Message:
    """The SMS in a push; BadPush says which field is missing or wrong."""
    foreign_id = _id("smsId", push.sms_id)
    if push.text is None:
        raise BadPush("text is missing")
    sender, text = _sender(push), str(push.text)
    if len(text) > MAX_TEXT:
        raise BadPush("text is too long")
    return Message(foreign_id, _e164(_whole("phone", push.phone)), sender, text)


def call_of(push: Push) -> Message:
    """The call in a push; BadPush says which field is missing or wrong. A language that nobody knows is left out."""
    # Agents that were written for SMS number everything as smsId.
    foreign_id = _id("callId", push.sms_id if push.call_id is None else push.call_id)
    transcript = push.text if push.transcript is None else push.transcript
    text = "" if transcript is None else str(transcript)
    if len(text) > MAX_TEXT:
        raise BadPush("transcript is too long")
    url = (push.recording_url or "").strip()
    if len(url) > MAX_URL:
        raise BadPush("recordingUrl is too long")
    if url and not url.lower().startswith(("http://", "https://")):
        raise BadPush("recordingUrl is no http or https address")
    language = parse_tag(push.language or "")
    return Message(foreign_id, _e164(_whole("phone", push.phone)), _sender(push), text, Medium.CALL, language, url)


def _id(name: str, value: str | float | None) -> str:
    foreign_id = _whole(name, value)
    if not foreign_id:
        raise BadPush(f"{name} is missing")
    if len(foreign_id) > MAX_FOREIGN_ID:
        raise BadPush(f"{name} is too long")
    return foreign_id


def _sender(push: Push) -> str:
    sender = _whole("phoneFrom", push.phone_from)
    if len(sender) > MAX_SENDER:
        raise BadPush("phoneFrom is too long")
    return sender


def _whole(name: str, value: str | float | None) -> str:
    """A value as text; a floating-point number only if it is a whole one (`79161234567.0`)."""
    if value is None:
        return ""
    if isinstance(value, float):
        if not value.is_integer() or abs(value) >= MAX_EXACT_FLOAT:
            raise BadPush(f"{name} is not a whole number")
        value = int(value)
    return str(value).strip()


def _e164(phone: str) -> int:
    """A telephone number in international form, with or without plus, blanks, dashes and brackets."""
    if not phone:
        raise BadPush("phone is missing")
    digits = phone.translate(_DECORATION).removeprefix("+").removeprefix("00")
    if phone[0] == "-" or not (digits.isascii() and digits.isdigit()) or digits[0] == "0" or len(digits) < MIN_PHONE:
        raise BadPush("phone is not a number with country code")
    if len(digits) > len(str(MAX_E164)) - 1:
        raise BadPush("phone is too long")
    return int(digits)


_DECORATION = str.maketrans(dict.fromkeys(" \u00a0-().\t"))
