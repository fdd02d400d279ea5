"""Hidden tests of linear_maps_and_gradients, and what they are made of."""
