"""The tests that grade students, one folder per assignment. Never released."""
