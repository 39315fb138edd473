"""What a backup says of itself, and which programs of PostgreSQL fit it: pure rules."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest

from numbank.backup import manifest as book
from numbank.backup import tools
from numbank.backup.folder import unfinished
from numbank.backup.manifest import BadBackup, File, Manifest
from numbank.backup.tools import Target, Tool
from numbank.errors import OperatorError

pytestmark = pytest.mark.unit

AT = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
ONE = Manifest(
    numbank="0.5.0", as_of=AT, finished_at=AT, server=18, tool=18, migration=15, oldest_code=12,
    rows={"public.account": 2}, files={"toc.dat": File(3, "ab")}, role_settings=["jit=off"], seal="",
)  # fmt: skip


def test_a_manifest_is_read_as_it_was_written() -> None:
    assert book.decode(book.encode(ONE)) == ONE


@pytest.mark.parametrize("cut", [0, 1, 40, 200, -3])
def test_a_damaged_manifest_is_no_manifest(cut: int) -> None:
    with pytest.raises(BadBackup, match="damaged"):
        book.decode(book.encode(ONE)[:cut])


def test_a_manifest_that_says_something_else_than_was_written_is_damaged() -> None:
    text = book.encode(ONE)
    for one, other in ((b'"public.account": 2', b'"public.account": 3'), (b"jit=off", b"jit=onn"), (b"15", b"14")):
        assert text.count(one) == 1
        with pytest.raises(BadBackup, match="its checksum differs"):
            book.decode(text.replace(one, other))


def test_what_another_numbank_adds_to_a_manifest_is_let_be() -> None:
    told = msgspec.to_builtins(ONE) | {"more": [1]}
    assert book.decode(msgspec.json.encode(told | {book.DIGEST: book._digest(told)})) == ONE


def test_a_later_form_is_told_from_a_damaged_one() -> None:
    with pytest.raises(BadBackup, match="newer numbank"):
        book.decode(b'{"format": 2, "everything": "else"}')


def test_code_that_is_too_old_is_refused() -> None:
    book.check_code(ONE, 12)
    with pytest.raises(BadBackup, match="install a newer numbank"):
        book.check_code(ONE, 11)


def test_an_older_server_is_refused() -> None:
    book.check_server(ONE, 18)
    with pytest.raises(BadBackup, match="18 or newer"):
        book.check_server(ONE, 17)


@pytest.mark.parametrize(
    ("tool", "server", "dumped_by", "fits"),
    [
        (18, 18, 0, True), (18, 15, 0, True), (15, 18, 0, False),  # pg_dump must not be older than its server
        (18, 18, 15, True), (18, 18, 18, True), (15, 15, 15, True), (16, 16, 15, True),
        (17, 18, 18, False),  # it cannot read what a newer one wrote
        (18, 15, 18, False), (18, 16, 16, False),  # it says things that such a server does not know
    ],
)  # fmt: skip
def test_which_program_fits(tool: int, server: int, dumped_by: int, fits: bool) -> None:
    assert book.fits(tool, server, dumped_by) is fits


def test_an_old_pg_dump_is_told_a_level_in_place_of_a_method() -> None:
    assert [book.compression("zstd:3", 18), book.compression("gzip:1", 16)] == ["zstd:3", "gzip:1"]
    assert [book.compression(word, 15) for word in ("gzip:1", "gzip", "none")] == ["1", "6", "0"]
    with pytest.raises(OperatorError, match="gzip only"):
        book.compression("zstd:3", 15)


def test_files_that_differ_are_named() -> None:
    there = {"toc.dat": File(3, "ab"), "1.dat.gz": File(9, "cd")}
    assert book.missing_or_changed(there, there) is None
    assert book.missing_or_changed(there, {"toc.dat": File(3, "ab")}) == "1.dat.gz is missing"
    assert "has 8 bytes" in str(book.missing_or_changed(there, there | {"1.dat.gz": File(8, "cd")}))
    assert "checksum" in str(book.missing_or_changed(there, there | {"1.dat.gz": File(9, "ce")}))
    assert "does not belong" in str(book.missing_or_changed(there, there | {"2.dat.gz": File(1, "")}))


def test_tables_that_differ_are_named() -> None:
    assert book.differences({"a": 1, "b": 2}, {"a": 1, "b": 2}) == []
    assert book.differences({"a": 1, "b": 2}, {"a": 1, "c": 3}) == [
        "b has 0 rows, expected 2",
        "c has 3 rows, expected 0",
    ]


@pytest.mark.parametrize(
    ("url", "address", "secret"),
    [
        ("postgresql://bank:top%40secret@db.example:5433/bank?sslmode=require",
         "postgresql://bank@db.example:5433/bank?sslmode=require", "top@secret"),
        ("postgresql://bank@/numbank?host=/run/pg&password=hidden&port=5432",
         "postgresql://bank@/numbank?host=/run/pg&port=5432", "hidden"),
        ("postgresql://a:b@h1,h2/bank?target_session_attrs=read-write",
         "postgresql://a@h1,h2/bank?target_session_attrs=read-write", "b"),
        ("postgresql://a:b@h1:1,h2:2/bank", "postgresql://a@h1:1,h2:2/bank?target_session_attrs=read-write", "b"),
        ("postgresql:///bank", "postgresql:///bank", None),
    ],
)  # fmt: skip
def test_a_password_goes_by_the_environment_never_by_the_command_line(
    url: str, address: str, secret: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PGPASSWORD", raising=False)
    monkeypatch.setenv("PGSSLROOTCERT", "/etc/ca.pem")
    monkeypatch.setenv("HOME_OF_NOBODY", "1")
    target = Target.of(url)
    assert (target.address, target.environment.get("PGPASSWORD")) == (address, secret)
    assert target.environment["PGSSLROOTCERT"] == "/etc/ca.pem"
    assert target.environment["LC_ALL"] == "C"  # its words are read
    assert "HOME_OF_NOBODY" not in target.environment


def test_the_program_of_the_servers_version_is_taken_before_a_newer_one(monkeypatch: pytest.MonkeyPatch) -> None:
    there = [Tool(Path(f"/pg{major}/pg_dump"), major) for major in (18, 16, 15, 17)]
    monkeypatch.setattr(tools, "_known", lambda program: iter(there))
    assert tools.find("pg_dump", lambda major: major >= 16, 16, "").major == 16
    assert tools.find("pg_dump", lambda major: major >= 16, 14, "").major == 16
    with pytest.raises(OperatorError, match="must be 19; found 15, 16, 17, 18 on PATH"):
        tools.find("pg_dump", lambda major: major >= 19, 19, "it must be 19")


def test_a_manifest_tells_no_key() -> None:
    assert not {"key", "secret", "password"} & set(msgspec.structs.asdict(ONE))


@pytest.mark.unit
def test_a_place_that_takes_no_folder_is_named_and_not_the_database_blamed(tmp_path: Path) -> None:
    with (
        pytest.raises(OperatorError, match=r"long.unfinished: .*: no backup was made"),
        unfinished(tmp_path / f"{'o' * 245}-long", lambda _: None),
    ):
        raise AssertionError("a folder was made with a name that no disk takes")


@pytest.mark.parametrize("place", ["backups", "file"])
def test_a_folder_that_is_not_there_is_not_made_for_its_disk_may_not_be_mounted(tmp_path: Path, place: str) -> None:
    (tmp_path / "file").write_text("")
    with (
        pytest.raises(OperatorError, match=rf"there is no folder .*{place}: is its disk mounted"),
        unfinished(tmp_path / place / "monday", lambda _: None),
    ):
        raise AssertionError("the backup was written to another disk")
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
