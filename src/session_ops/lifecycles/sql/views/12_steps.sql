-- steps: what happened in each session, in order (`place`), in which run, and what is known of the source that tells it?
CREATE VIEW steps AS
SELECT p.*, s.stream, s.role, s.format_id, s.ids_reused,
  p.source_id || ':' || CAST(p.source_ord AS VARCHAR) AS event_id
FROM step_rows p JOIN sources s ON s.source_id = p.source_id
