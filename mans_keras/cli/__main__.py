"""`python -m mans_keras.cli`, the same as `mans`."""

from mans_keras.cli import main

main()
