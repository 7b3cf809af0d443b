"""Phase 3: which gates fail, the root causes behind it, security, assumptions."""
