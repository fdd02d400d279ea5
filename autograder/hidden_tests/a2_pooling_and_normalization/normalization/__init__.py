"""Hidden tests of a2_pooling_and_normalization/normalization, and what measures them."""
