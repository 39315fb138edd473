"""Tests of the recogniser of codes and services."""
