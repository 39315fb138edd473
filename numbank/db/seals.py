"""The key file of this node and the check value in the database: a node with the wrong file says so before it harms."""

from __future__ import annotations

from pathlib import Path

from numbank import secrets
from numbank.db.pool import Connection, Pool
from numbank.db.queries import Queries
from numbank.errors import OperatorError
from numbank.secrets import KeyFile, WrongSeal

Q = Queries("numbank.db")

KNOWN = "numbank"


class Seals:
    """Opens and seals secrets. Nothing is made or asked for until there is a first secret to seal."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file: KeyFile | None = None

    async def opener(self, connection: Connection | Pool) -> KeyFile:
        """The key file, proved against the database; OperatorError when it is missing or the wrong one."""
        file = self._file
        if file is None or file.stale:
            sealed = await connection.fetchval(Q.seal_check)
            if sealed is None:
                raise WrongSeal("nothing is sealed here yet: the first secret makes the key file")
            file = KeyFile.read(self.path)
            file.open(sealed)
            self._file = file
        return file

    async def sealer(self, tx: Connection) -> KeyFile:
        """The key file for a secret that is sealed in this transaction; made, with its check value, for the first one."""
        if await tx.fetchval(Q.seal_check) is None:
            secrets.create(self.path)
            # A node with another file may be doing the same: the first one counts, the other finds itself wrong below.
            await tx.execute(Q.add_seal_check, KeyFile.read(self.path).seal(KNOWN))
        return await self.opener(tx)

    async def trouble(self, connection: Connection | Pool) -> str | None:
        """Why this node cannot open what is sealed, None when it can or there is nothing; for /readyz."""
        sealed = await connection.fetchval(Q.seal_check)
        if sealed is None:
            return None
        try:
            KeyFile.read(self.path).open(sealed)
        except OperatorError as error:
            return str(error)
        return None

    async def renew(self, tx: Connection) -> KeyFile:
        """Seal the check value again with the file's first key; the caller does the same with what it keeps."""
        file = await self.opener(tx)
        await tx.execute(Q.change_seal_check, file.seal(KNOWN))
        return file
