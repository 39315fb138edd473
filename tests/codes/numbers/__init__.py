"""Tests of the masks for numbers."""
