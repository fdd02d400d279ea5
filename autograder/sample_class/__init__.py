"""A class of sample submissions, for the demo and for trying out a grading machine before a term."""
