"""Hidden tests ask the student's functions questions; verdicts come out."""
