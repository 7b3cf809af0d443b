"""Phase 1: read everything. What is there, what it is meant to be, who names whom."""
