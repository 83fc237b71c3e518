"""The tables, figures and benchmarks, a script each."""
