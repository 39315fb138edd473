"""What `forked` loads before it forks: the commands, with nothing of this machine's terminal in them."""

import os

for _number in range(3):
    _nothing = os.open(os.devnull, os.O_RDWR)
    os.dup2(_nothing, _number)
    os.close(_nothing)

import numbank.cli.main  # noqa: E402, F401
