"""Hidden tests of activations_and_pooling, and what they are made of."""
