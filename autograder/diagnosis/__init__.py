"""Names the mistake behind a wrong answer: same replies, same mistake."""
