"""Phase 2: rules over the facts, one module for each family."""
