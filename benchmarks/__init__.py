"""Side by side with other graders; staff only, and in no wheel."""
