"""Measures the tests themselves: what they catch, what they accept, and whether the named mistake is the right one."""
