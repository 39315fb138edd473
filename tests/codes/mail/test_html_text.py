"""What a reader sees of HTML: lines, cells, nothing hidden; and that no HTML is too broken or too hostile."""

import gc
import re
import time
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from numbank.codes.mail.html_tags import DEPTH_LIMIT, TAG_LIMIT, harmless
from numbank.codes.mail.html_text import LINK_LIMIT, TEXT_LIMIT, links_of, text_of

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<p>Your code</p><p>482913</p>", "Your code\n482913"),
        ("Your code<br>482913", "Your code\n482913"),
        ("<div>Your<div>code</div>is</div>", "Your\ncode\nis"),
        ("<h1>482913</h1>is it", "482913\nis it"),
        ("<ul><li>one<li>two</ul>", "one\ntwo"),
        ("<table><tr><td>Code</td><td>482913</td></tr><tr><td>At</td><td>14:30</td></tr></table>", "Code 482913\nAt 14:30"),
        ("<table><tr><td>4<td>8<td>2<td>9<td>1<td>4</table>", "4 8 2 9 1 4"),
        ("<table><tr><td>4</td><td>&nbsp;</td><td>8</td><td></td><td>2</td><td>9</td></tr></table>", "4 8 2 9"),
        ("<div>4</div><div>8</div><div>2</div><div>9</div>", "4 8 2 9"),
        ("<div>4</div><div>8</div><div>2</div><div>-</div><div>9</div><div>1</div><div>4</div>", "4 8 2 9 1 4"),
        ("<div>F</div><div>7</div><div>G</div><div>2</div>", "F7G2"),
        ("<div>a</div><div>b</div><div>c</div><div>d</div>", "a\nb\nc\nd"),
        ("<p>1</p><p>2</p><p>3</p>", "1\n2\n3"),
        ("<span>48</span><b>29</b>13", "482913"),
        ("a\n  b\t c &amp; d&#8364; &copy;", "a b c & d\u20ac \u00a9"),
        ("48&nbsp;29", "48 29"),
        ("48&shy;29&#8203;13", "48\u00ad29\u200b13"),
        ("<pre>a\n  b</pre>", "a\nb"),
        ("<style>.x1234{}</style><script>var code=4829</script><p>x</p>", "x"),
        ("<head><title>4829</title></head><body>x", "x"),
        ("<!-- 4829 --><p>x</p><!--[if mso]><p>1111</p><![endif]-->", "x"),
        ("<template>4829</template><p>x</p>", "x"),
        ("<noscript>x</noscript>", "x"),
        ("<img src='a/4829.png' alt='Acme'>x", "Acme x"),
        (f"<img src='a.png' alt='{'long ' * 20}'>x", "x"),
        ("<a href='https://a.bc/4829'>here</a>", "here"),
        ("<p>&zwnj;&nbsp;&zwnj;&nbsp;&zwnj;&nbsp;&zwnj;&nbsp;</p>x", "x"),
        ("", ""),
        ("<", "<"),
        ("<p", ""),
    ],
)  # fmt: skip
def test_lines_and_cells(html: str, text: str) -> None:
    assert text_of(html) == text


@pytest.mark.parametrize(
    "hidden",
    [
        "<p hidden>4829</p>",
        "<p style='display:none'>4829</p>",
        "<p style='DISPLAY : None !important'>4829</p>",
        "<p style='visibility: hidden'>4829</p>",
        "<p style='font-size:0'>4829</p>",
        "<p style='font-size:1px;line-height:1px'>4829</p>",
        "<p style='font-size:0px;color:#fff'><b>4829</b></p>",
        "<p style='font:0/0 a'>4829</p>",
        "<p style='max-height:0px;overflow:hidden'>4829</p>",
        "<p style='height:0;overflow:hidden'>4829</p>",
        "<p style='opacity: 0'>4829</p>",
        "<p style='opacity:0.0;'>4829</p>",
        "<p style='mso-hide:all'>4829</p>",
        "<p style='position:absolute;left:-9999px'>4829</p>",
        "<p style='text-indent:-999em'>4829</p>",
        "<p class='preheader'>4829</p>",
        "<span class='mail-preview-text'>4829</span>",
        "<div id='pre-header'>4829</div>",
        "<div style='display:none'><table><tr><td><p>4829</table></div>",
        "<style>.ph{display:none}</style><p class='x ph'>4829</p>",
        "<style>/* .a{} */ a:hover{} div.ph , #k {\n display : none !important; }</style><p id='k'>4829</p>",
        "<style>@media print{.y{display:block}} .ph{visibility:hidden}</style><p class='ph'>4829</p>",
        "<div class='gmail_quote'>4829</div>",
        "<blockquote type='cite'>4829</blockquote>",
    ],
)
def test_nobody_sees_what_is_hidden(hidden: str) -> None:
    assert text_of(f"{hidden}<p>seen</p>") == "seen"


@pytest.mark.parametrize(
    "shown",
    [
        "<p style='font-size:12px'>4829</p>",
        "<td style='font-size:0px'><div style='font-size:13px'>4829</div></td>",
        "<p style='font-size:0.9em'>4829</p>",
        "<p style='font-size:10px;opacity:0.8'>4829</p>",
        "<p style='fill-opacity:0'>4829</p>",
        "<p style='max-height:0.5em'>4829</p>",
        "<p style='height:0'>4829</p>",
        "<p style='visibility:hidden'><b style='visibility:visible'>4829</b></p>",
        "<style>@media (max-width:600px){.m{display:none}}</style><p class='m'>4829</p>",
        "<style>.m{display:none}</style><p class='m' style='display:block'>4829</p>",
        "<style>.m td{display:none}</style><p class='m'>4829</p>",
        "<blockquote>4829</blockquote>",
        f"<div class='preheader'>4829{'<p>a</p>' * 401}</div>",
    ],
)
def test_what_is_not_hidden_is_seen(shown: str) -> None:
    assert "4829" in text_of(shown)


def test_links_with_what_stands_on_and_before_them() -> None:
    links = links_of(
        "<p>Welcome!</p><p>Confirm it <a href=' https://a.bc/\nx?a=1&amp;b=2 '><b>here</b> <i>now</i></a></p>"
        "<a href='mailto:x@a.bc'>mail</a><a name='k'>no link</a><a href='https://a.bc/y'><img src='z.png' alt='Go'></a>"
        "<p style='display:none'><a href='https://a.bc/hidden'>x</a></p>"
    )
    assert [(link.url, link.anchor_text) for link in links] == [
        ("https://a.bc/x?a=1&b=2", "here now"),
        ("mailto:x@a.bc", "mail"),
        ("https://a.bc/y", "Go"),
    ]
    assert links[0].context.split() == ["Welcome!", "Confirm", "it"]


def test_there_are_bounds() -> None:
    assert len(links_of("<a href='https://a.bc/x'>x</a>" * (LINK_LIMIT + 50))) == LINK_LIMIT
    assert len(text_of("<p>word</p>" * 30_000)) <= TEXT_LIMIT
    assert text_of("<div>" * 5000 + "seen") == "seen"


def test_the_sentence_above_is_about_the_link_that_ends_it() -> None:
    first, second = links_of("<p>If this was not you, <a href='x'>say so</a></p><p><a href='y'>Verify</a></p>")
    assert first.context == "If this was not you,"
    assert second.context == "If this was not you, say so."
    assert links_of("<p>If this was not you:</p><p><a href='x'>say so</a></p>")[0].context == "If this was not you:"


def test_too_deep_and_too_large_tags_are_no_tags_but_their_text_stays() -> None:
    assert harmless("<p>plain <b>html</b><br/></p>") == "<p>plain <b>html</b><br/></p>"
    deep = harmless("<div>" * (DEPTH_LIMIT + 2) + "x")
    assert deep.count("<div>") == DEPTH_LIMIT
    assert harmless("<div></div>" * 3000) == "<div></div>" * 3000
    assert harmless("<i></b>" * (DEPTH_LIMIT + 2)).count("<i>") < DEPTH_LIMIT
    attributes = " ".join(f"x{number}='>'" for number in range(100))
    assert harmless(f"<a {attributes}>x</a>").startswith("<?a ")
    assert harmless("<br>" * (TAG_LIMIT + 5)).count("<br>") == TAG_LIMIT


HOSTILE = {
    "nested blocks": "<div>",
    "nested formats": "<b>",
    "nested tables": "<table><tr><td>",
    "text between cells": "<table>" + "x" * 45,
    "comments between cells": "<table>" + ("x" * 45 + "<!---->") * 20_000,
    "notes between cells": "<table>" + ("x" * 45 + "<! <td>") * 19_000,
    "rows without cells": "<tr>" + "x" * 45 + "</tr><table>",
    "cells in a style sheet": "<table><td><style></table></style></td>" + ("x" * 45 + "<tr>") * 19_000,
    "cells in a comment": "<table><td><style><!--</style></td></table><table>-->" + ("x" * 45 + "<tr>") * 19_000,
    "ends with values": "</td x='a'>" + "x" * 45,
    "ends in values": '</td x="<tr></object>' + "x" * 45,
    "comments behind the body": "</html><form>" + "x" * 45,
    "second bodies": "<body a=b>" + "x" * 45,
    "cells without tables": "<td a=b>" + "x" * 45,
    "second types": "<p>x" + ("x" * 45 + "<!doctype html public 'aaaaaaaaaaaa' 'bbbbbb'>") * 10_000,
    "no cells": "<table>" + ("x" * 45 + "<td-x></td-x><td\0>") * 14_000,
    "closed by others": "<i></b>",
    "lists": "<ul><li>",
    "adopted": "<b><div></b>",
    "paragraphs in formats": "<b><p>x",
    "links": "<a href='https://a.bc/click?u=https%3A%2F%2Fb.cd/x'>confirm</a>",
    "cells": "<td>4</td>",
    "boxes": "<p>4</p>",
    "comments": "<!--",
    "brackets": "<",
    "tags without an end": "<" + "x" * 45,
    "tags with one end": ("<" + "x" * 45) * 21_700 + ">",
    "values without an end": "<a/b=" + "x" * 45,
    "cells in attributes": "<table>" + ("x" * 45 + "<p b='><td>'>") * 17_000,
    "entities": "&#1;",
    "quotes": '<a href="',
    "sheets": "<style>.a{display:none}</style>",
    "pre-headers": "<div class='preheader'>x",
    "sheets without braces": "<style>none" + "/*" * 40_000 + "</style>",
    "styles": "<p style='font:font:font:max-height:0'>",
    "digits": "1 ",
    "zero width": "\u200b",
}


@pytest.fixture(autouse=True)
def _no_garbage_collection() -> Iterator[None]:
    """What other tests left on the heap would be counted as time of these mails."""
    gc.disable()
    yield
    gc.enable()


def _seconds(html: str) -> float:
    begin = time.thread_time()
    text_of(html)
    return time.thread_time() - begin


@pytest.mark.parametrize("piece", HOSTILE.values(), ids=HOSTILE.keys())
def test_a_megabyte_of_anything_is_read_in_a_moment(piece: str) -> None:
    html = piece * (1_000_000 // len(piece))
    assert (
        min(_seconds(html) for _ in range(3)) < 0.3
    )  # 0.1 s on a quiet machine; without the bounds some take a minute


def test_text_between_the_cells_of_an_honest_mail_stays() -> None:
    row = "<tr>{% if x %}<td>" + "word " * 200 + "</td></tr><!--[if mso]></td></tr></table><table><tr><td><![endif]-->"
    html = "<style>td{color:red}</style><table>" + row * 150 + "</table>code 482913"
    assert harmless(html) == html
    assert harmless("<table>" + "word <tr>" * 10_000) != "<table>" + "word <tr>" * 10_000


def test_a_tag_with_ten_thousand_attributes_is_read_in_a_moment() -> None:
    html = "<a " + " ".join(f"x{number}='>'" for number in range(60_000)) + ">hi</a>"
    assert min(_seconds(html) for _ in range(3)) < 0.3


PIECES = [
    "<p>",
    "</p>",
    "<td>",
    "<table>",
    "<a href=x>",
    "</a>",
    "4829",
    " ",
    "<b",
    ">",
    "<!--",
    "&nbsp;",
    "<style>",
    "\x00",
    "\ud800",
]


@settings(max_examples=300, deadline=None)
@given(st.one_of(st.text(max_size=200), st.lists(st.sampled_from(PIECES), max_size=30).map("".join)))
def test_takes_any_html(html: str) -> None:
    text = text_of(html)
    assert not re.search(r"^[ \t]|\n\n|[ \t]$", text)
    for link in links_of(html):
        assert not re.search(r"\s", link.url)
