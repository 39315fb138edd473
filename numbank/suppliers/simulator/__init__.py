"""The simulator: a supplier with stock everywhere whose numbers receive made-up messages; for the sandbox."""
