"""Find out why a home-made tracker of agent sessions cannot be deployed, and prove the way out."""
