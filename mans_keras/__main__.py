"""`python -m mans_keras`, the same as `mans`."""

from mans_keras.cli import main

main(prog_name="mans")
