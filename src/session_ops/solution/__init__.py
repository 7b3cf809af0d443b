"""Phase 4: fixes with exact content, a deployment approach, a plan."""
