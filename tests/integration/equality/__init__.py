"""The equality harness: after any sequence of landings gold and audit equal those of a full refresh, row for row."""
