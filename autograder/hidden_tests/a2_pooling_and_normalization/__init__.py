"""Hidden tests of the second assignment: pooling and normalization."""
