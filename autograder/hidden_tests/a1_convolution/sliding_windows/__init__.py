"""Hidden tests of sliding_windows, and what they are made of."""
