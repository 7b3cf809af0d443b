"""Provers: one module for each kind of package or deployment file, found by walking this folder."""
