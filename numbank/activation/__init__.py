"""An activation: a number for one service, for minutes."""
