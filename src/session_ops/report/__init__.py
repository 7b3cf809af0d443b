"""The final report: Markdown, HTML, SARIF, JSON."""
