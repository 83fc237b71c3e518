"""The tables, figures and benchmarks: one script each."""
