"""The benchmarks of numbank: `python -m bench`. Everything is a ratio of medians from interleaved rounds of one run."""
