"""Readers of skeleton recordings, one module a format, and the pure functions that make tensors of them."""
