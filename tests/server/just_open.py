"""`numbank` whose workers stay long in the moment between their start-up and their service."""

from numbank.cli.main import main
from numbank.server import app

app.OPENING_S = 8.0

if __name__ == "__main__":
    main()
