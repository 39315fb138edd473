"""Which link of a mail confirms something, what is no such link, and where trackers lead to."""

import base64
import json
import tomllib
import zlib
from importlib import resources
from importlib.resources.abc import Traversable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from numbank.codes.mail.addresses import URL_LIMIT, address_of, has_token, is_random, site_of
from numbank.codes.mail.links import Link, best_link, links_in
from numbank.codes.mail.unwrap import unwrapped
from numbank.codes.plain import shadow_of

pytestmark = pytest.mark.unit

KEY = "8f3b2c1d9e7a4455b6c0"
TARGET = f"https://acme.example/confirm?token={KEY}"
QUOTED = f"https%3A%2F%2Facme.example%2Fconfirm%3Ftoken%3D{KEY}"


def _best(*links: tuple[str, str] | Link, **about: str) -> str | None:
    found = best_link([link if isinstance(link, Link) else Link(*link) for link in links], **about)
    return found.url if found else None


def _base64(text: str | bytes) -> str:
    return base64.urlsafe_b64encode(text if isinstance(text, bytes) else text.encode()).decode().rstrip("=")


@pytest.mark.parametrize(
    ("text", "urls"),
    [
        ("Go to https://a.bc/x.", ["https://a.bc/x"]),
        ("(see https://a.bc/x_(y)), or https://a.bc/z!", ["https://a.bc/x_(y)", "https://a.bc/z"]),
        ("<https://a.bc/x>", ["https://a.bc/x"]),
        ('"https://a.bc/x"', ["https://a.bc/x"]),
        ("[https://a.bc/x]", ["https://a.bc/x"]),
        ("HTTPS://A.bc/x?a=1&amp;b=2", ["HTTPS://A.bc/x?a=1&b=2"]),
        ("https://a.bc/xをクリック", ["https://a.bc/x"]),
        ("点击https://a.bc/x?t=1。", ["https://a.bc/x?t=1"]),
        ("https://xn--e1afmkfd.example/x", ["https://xn--e1afmkfd.example/x"]),
        ("https://a.bc/x...", []),
        ("https://a.bc/x\u2026", []),
        ("ftp://a.bc/x mailto:a@b.cd javascript:alert(1)", []),
        ("<https://a.bc/long\npath?k=1>", ["https://a.bc/longpath?k=1"]),
        ("<https://a.bc/no\nend of it", ["https://a.bc/no"]),
        (f"https://a.bc/{'x' * 63}\nk7f2=91\nBye", [f"https://a.bc/{'x' * 63}k7f2=91"]),
        (f"https://a.bc/{'x' * 63}\nRegards\nBye", [f"https://a.bc/{'x' * 63}"]),
        ("https://a.bc/x\nk7f2=91", ["https://a.bc/x"]),
        ("https://a.bc/x\nhttps://a.bc/y", ["https://a.bc/x", "https://a.bc/y"]),
    ],
)
def test_links_in_a_plain_text(text: str, urls: list[str]) -> None:
    assert [link.url for link in links_in(text)] == urls


@pytest.mark.parametrize(
    "link",
    [
        (TARGET, ""),
        (TARGET, "Confirm your e-mail"),
        (f"https://acme.example/u/{KEY}", "Verify"),
        (f"https://acme.example/u/{KEY}", "Подтвердить"),
        (f"https://acme.example/u/{KEY}", "E-Mail bestätigen"),
        (f"https://acme.example/u/{KEY}", "Vérifier mon adresse"),
        (f"https://acme.example/u/{KEY}", "확인하기"),
        (f"https://acme.example/u/{KEY}", "確認する"),
        (f"https://acme.example/u/{KEY}", "تأكيد"),
        ("https://acme.example/confirm", "Confirm your e-mail"),
        (f"http://xn--e1afmkfd.example/verify/{KEY}", ""),
        ("https://acme.example/verify-email/9f8e7d6c-5b4a-4321-8765-0fedcba98765", ""),
        (f"https://www.facebook.com/confirmemail.php?e=x%40y.example&c={KEY}", "Confirm"),
        Link(f"https://acme.example/u/{KEY}", "", "To confirm your address, open this page:\nActivate it here"),
    ],
)  # fmt: skip
def test_a_link_that_confirms(link: tuple[str, str] | Link) -> None:
    url = link.url if isinstance(link, Link) else link[0]
    assert _best(("https://acme.example/", "Acme"), link, subject="Please confirm") == url


@pytest.mark.parametrize(
    "link",
    [
        ("https://acme.example/", "Acme"),
        (f"https://acme.example/u/{KEY}", "Read more"),
        (f"https://acme.example/u/{KEY}", "Shop"),
        (f"https://acme.example/unsubscribe?confirm=1&token={KEY}", "Unsubscribe"),
        (f"https://acme.example/confirm?token={KEY}", "Unsubscribe"),
        (f"https://acme.example/confirm?token={KEY}", "отписаться"),
        (f"https://acme.example/privacy?verify={KEY}", "Privacy"),
        (f"https://acme.example/help/verify/{KEY}", "Confirm"),
        (f"https://acme.example/verify/{KEY}.png", "Confirm"),
        (f"https://acme.example/login/deny?verify={KEY}", "Confirm"),
        (f"https://acme.example/confirm?token={KEY}", "It wasn't me"),
        ("https://apps.apple.com/app/id4829137715", "Confirm in the app"),
        ("https://twitter.com/acme", "Verify"),
        (f"https://acme.example/u/{KEY}", "Confirm your order"),
        ("https://acme.example/?utm_campaign=confirm_2026a&utm_content=x", "Welcome"),
        (f"ftp://acme.example/confirm?token={KEY}", "Confirm"),
        (f"javascript:confirm('{KEY}')", "Confirm"),
        ("mailto:confirm@acme.example?subject=verify", "Confirm"),
        ("tel:+15550199", "Confirm"),
        (f"https://user@acme.example/confirm?token={KEY}", "Confirm"),
        (f"https://acme.example/confirm?token={'a1' * 1100}", "Confirm"),
        (f"https:///confirm?token={KEY}", "Confirm"),
        (f"https://nohost/confirm?token={KEY}", "Confirm"),
        Link(f"https://acme.example/verify/{KEY}", "", "If you did not request this, secure your account here:"),
        Link(f"https://acme.example/u/{KEY}", "click here", "Wasn't you? If this was not you,"),
    ],
)  # fmt: skip
def test_a_link_that_confirms_nothing(link: tuple[str, str] | Link) -> None:
    assert _best(link) is None


def test_a_denial_in_a_sentence_before_does_not_count() -> None:
    assert _best(Link(TARGET, "", "If this wasn't you, ignore this mail. Confirm here:")) == TARGET


def test_the_best_one_wins_and_of_another_site_it_must_be_clear() -> None:
    reset = (f"https://acme.example/password/reset?token={KEY}", "Reset your password")
    assert _best(reset, (TARGET, "Confirm your e-mail")) == TARGET
    assert _best((TARGET, "Confirm"), (f"https://acme.example/confirm?token={KEY}1", "Confirm")) == TARGET
    other = (f"https://other.example/confirm?token={KEY}", "Confirm")
    assert _best((TARGET, "Confirm"), other) is None
    assert _best((TARGET, "Confirm"), other, sender="Acme <hello@mail.acme.example>") == TARGET
    assert _best((TARGET, "Confirm"), other, site="other.example") == other[0]


def test_confidence_grows_with_the_points() -> None:
    weak = best_link([Link("https://acme.example/confirm", "Continue")], subject="Confirm")
    strong = best_link([Link(TARGET, "Confirm")], subject="Confirm", sender="a@acme.example")
    assert weak is not None
    assert strong is not None
    assert 0.5 < weak.confidence < strong.confidence < 1


@pytest.mark.parametrize(
    "wrapper",
    [
        f"https://www.google.com/url?q={QUOTED}&sa=D&usg=AOvVaw2",
        f"https://l.facebook.com/l.php?u={QUOTED}&h=AT0abc",
        f"https://click.acme.example/track?redirect={QUOTED}",
        f"https://go.acme.example/?target={QUOTED}",
        f"https://acme.page.link/?link={QUOTED}&apn=example.acme",
        f"https://nam02.safelinks.protection.outlook.com/?url={QUOTED}&data=05%7C02&reserved=0",
        f"https://urldefense.com/v3/__{TARGET}__;!!AbC123!xyz$",
        f"https://urldefense.proofpoint.com/v2/url?u=https-3A__acme.example_confirm-3Ftoken-3D{KEY}&d=DwMFaQ&c=x",
        f"https://abc.r.eu-west-1.awstrack.me/L0/{QUOTED}/1/0102018f-0000/k=376",
        f"https://track.pstmrk.it/3s/acme.example%2Fconfirm%3Ftoken%3D{KEY}/abc/def",
        f"https://click.acme.example/?url={_base64(TARGET)}",
        f"https://e.customeriomail.com/e/c/{_base64(json.dumps({'email_id': 'x', 'href': TARGET}))}/sig12345",
        f"https://mandrillapp.com/track/click/1/a.bc?p={_base64(json.dumps({'v': 1, 'p': json.dumps({'url': TARGET})}))}",
        f"https://email.mg.acme.example/c/{_base64(zlib.compress(json.dumps({'h': 'x', 'l': TARGET}).encode()))}",
        f"https://click.acme.example/?url=https%3A%2F%2Fwww.google.com%2Furl%3Fq%3D{QUOTED.replace('%', '%25')}",
    ],
    ids=lambda url: str(url)[8:40],
)  # fmt: skip
def test_a_tracker_is_unwrapped(wrapper: str) -> None:
    address = address_of(wrapper)
    assert address is not None
    assert unwrapped(address).url == TARGET
    assert _best((wrapper, "Confirm")) == TARGET


@pytest.mark.parametrize(
    "url",
    [
        f"https://acme.example/confirm?token={KEY}&redirect=https%3A%2F%2Fapp.example%2Fhome",
        f"https://acme.example/verify?token={KEY}&url=https%3A%2F%2Fapp.example%2Fhome",
        f"https://acme.example/signup?token={KEY}&redirect=https%3A%2F%2Fapp.example%2Fhome",
        "https://acme.firebaseapp.com/__/auth/action?mode=verifyEmail&oobCode=aB3xY9&continueUrl=https%3A%2F%2Fa.bc%2F",
        "https://u1.ct.sendgrid.net/ls/click?upn=u001.k3JfXq9ZbT2mVw8rLp0aYcDe5GhN7sQxRtUvW",
        f"https://sso.example/realms/x/login-actions/action-token?key={_base64(json.dumps({'iss': 'https://evil.example/'}))}.abc.def",
        "https://click.acme.example/?url=javascript%3Aalert(1)",
        "https://click.acme.example/?url=ftp%3A%2F%2Fa.bc%2F",
        "https://click.acme.example/?url=https%3A%2F%2F",
        "https://click.acme.example/c/eJwrongbase64zlib",
        "https://urldefense.com/v3/__https://a.bc/x*y__;Kys!!AbC$",
    ],
)
def test_what_is_no_tracker_or_cannot_be_read_stays(url: str) -> None:
    address = address_of(url)
    assert address is not None
    assert unwrapped(address).url == url


def test_a_packed_address_is_unpacked_within_bounds() -> None:
    bomb = _base64(zlib.compress(b'{"l":"https://a.bc/' + b"x" * 1_000_000 + b'"}'))
    address = address_of(f"https://click.acme.example/c/{bomb}", limit=8192)
    assert address is not None
    assert unwrapped(address).url == address.url


@pytest.mark.parametrize(
    ("host", "site"),
    [
        ("example.com", "example.com"),
        ("mail.example.com", "example.com"),
        ("a.b.example.co.uk", "example.co.uk"),
        ("x.com.br", "x.com.br"),
        ("Example.COM.", "example.com"),
        ("localhost", "localhost"),
        ("", ""),
    ],
)
def test_the_site_of_a_host(host: str, site: str) -> None:
    assert site_of(host) == site


@pytest.mark.parametrize(
    ("tail", "expected"),
    [
        (f"/u/{KEY}", True),
        ("/u/9f8e7d6c-5b4a-4321-8765-0fedcba98765", True),
        ("/?code=482913", True),
        ("/?confirmation_token=ab12c", True),
        ("/?jwt=eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.x", True),
        ("/ls/click?upn=kJfXqZbTmVwrLpaYcDeGhNsQx", True),
        ("/how-to-verify-10-things-in-2026", False),
        ("/a/very/long/path/of/words", False),
        ("/?page=12&lang=en", False),
        ("/?utm_source=a1b2c3d4e5f6a7b8c9d0", False),
        ("/482913771204991", False),
        ("/CustomerPortalOverview", False),
    ],
)
def test_what_looks_like_a_secret(tail: str, expected: bool) -> None:
    address = address_of(f"https://acme.example{tail}")
    assert address is not None
    assert has_token(address) is expected


def test_random_is_what_has_no_words() -> None:
    assert is_random("aB3xY9kL2mN4")
    assert not is_random("registration")
    assert not is_random("")


@pytest.mark.parametrize("name", ["links/words", "links/parts", "mail/words"])
def test_the_data_files_have_no_word_twice(name: str) -> None:
    path: Traversable = resources.files("numbank.codes") / "data"
    for part in f"{name}.toml".split("/"):
        path = path / part
    for kind, words in tomllib.loads(path.read_text("utf-8")).items():
        assert sorted({word for word in words if words.count(word) > 1}) == [], kind
        assert all(word == word.lower().strip() and word.strip("*") for word in words), kind
        if name.endswith("words"):
            assert all(shadow_of(word.strip("*")).strip() for word in words), kind


URLS = st.lists(
    st.sampled_from(
        ["https://", "http://", "a.bc", "/", "?", "url=", "&", "%3A", "=", "confirm", KEY, "<", ">", "\n", " ", "\ud800"]
    ),
    max_size=14,
).map("".join)  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(
    st.lists(
        st.builds(Link, st.one_of(URLS, st.text(max_size=60)), st.text(max_size=30), st.text(max_size=30)), max_size=5
    ),
    st.text(max_size=20),
)
def test_takes_any_links(links: list[Link], subject: str) -> None:
    found = best_link(links, subject=subject, sender=subject, site=subject)
    if found is not None:
        assert found.url.lower().startswith(("http://", "https://"))
        assert len(found.url) <= URL_LIMIT
        assert 0 < found.confidence < 1


@settings(max_examples=300, deadline=None)
@given(st.one_of(URLS, st.text(max_size=200)))
def test_links_of_any_text_stand_in_it(text: str) -> None:
    flat = text.replace("\n", "").replace("&amp;", "&")
    for link in links_in(text):
        assert link.url in flat


@pytest.mark.parametrize(
    "host", ["b\u0430nk.com", "\uff42ank.com", "bank.com@evil.com", "b%61nk.com", "bank.com\u200b"]
)
def test_a_host_that_is_not_what_it_looks_like_is_none(host: str) -> None:
    assert address_of(f"https://{host}/confirm?token={KEY}") is None


@pytest.mark.parametrize("host", ["\u0431\u0430\u043d\u043a.\u0440\u0444", "b\u00fccher.de", "\u4f8b\u3048.jp"])
def test_a_host_in_its_own_letters_is_one(host: str) -> None:
    assert address_of(f"https://{host}/confirm?token={KEY}") is not None


def test_signs_of_html_in_a_link_are_escaped() -> None:
    found = address_of(f"{TARGET}'><script>\"")
    assert found is not None
    assert found.url == f"{TARGET}'%3E%3Cscript%3E%22"
    assert not {"<", ">", '"'} & set(found.tail)


@pytest.mark.parametrize(
    "words",
    ["To stop these emails, ", "To unsubscribe, ", "Wenn Sie diese Mails abbestellen möchten: ", "Чтобы отписаться, "],
)
def test_what_leads_away_from_a_sender_is_not_given(words: str) -> None:
    away = Link(f"https://acme.example/x/{KEY}", "click here", words)
    assert _best(away, subject="Confirm your email", sender="x@acme.example") is None
    assert _best(away, Link(TARGET, "Verify"), subject="Confirm your email", sender="x@acme.example") == TARGET


def test_a_number_is_the_secret_of_an_address_that_says_what_it_does() -> None:
    url = "https://acme.example/users/ann/emails/2839104/confirm_verification/48192033?via=mail"
    (link,) = links_in(f"Not able to enter the code? Paste the following link into your browser:\n{url}\n")
    best = best_link([link])
    assert best is not None
    assert best.url == url
    assert best_link(links_in("See https://acme.example/users/ann/photos/48192033 for more")) is None


def test_a_place_of_many_footers_is_the_mails_own_where_its_subject_names_it() -> None:
    url = "https://medium.com/m/callback/email?token=4820193377af&operation=login"
    links = [Link(url, "Sign in to Medium")]
    named = best_link(links, subject="Sign in to Medium")
    assert named is not None
    assert named.url == url
    assert best_link(links, subject="Sign in to Acme") is None
