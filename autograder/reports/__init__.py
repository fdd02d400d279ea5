"""Results become pages, tables and CSV files; nothing here computes a score."""
