"""What can go wrong with the database server that comes along; every message is one clear line for the operator.

EmbeddedError       an OperatorError
├── NotRunning      attach: nobody serves this folder
├── BeingStarted    attach: somebody serves it, but its PostgreSQL is down just now
├── AlreadyServed   start: another supervisor holds this folder
├── NotPermitted    a file, a folder or a user is in the way
├── WrongVersion    the folder belongs to another major version of PostgreSQL
└── StartFailed     PostgreSQL or initdb gave up; carries the last lines of its log
"""

# ruff: noqa: N818  the names say the case, as those of the refusals do

from numbank.errors import OperatorError


class EmbeddedError(OperatorError):
    """The database server that comes along cannot be used."""


class NotRunning(EmbeddedError):
    """No server answers for this folder."""


class BeingStarted(EmbeddedError):
    """A supervisor cares for this folder, but its PostgreSQL does not answer now: wait, start nothing."""


class AlreadyServed(EmbeddedError):
    """Another supervisor holds this folder."""


class NotPermitted(EmbeddedError):
    """The rights of a file, folder or user are in the way."""


class WrongVersion(EmbeddedError):
    """The cluster was made by another major version of PostgreSQL."""


class StartFailed(EmbeddedError):
    """PostgreSQL died or refused while it was being started."""
