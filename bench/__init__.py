"""Benchmarks. Nothing here is a test: figures are compared within one run, never with a number written down before."""
