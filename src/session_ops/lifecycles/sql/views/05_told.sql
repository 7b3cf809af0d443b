-- told: which events tell of a session's life, whose word is it (the log's own counts before the registry's, and that before the diary's),
-- and which part of the life do they tell?
CREATE VIEW told AS
SELECT n.base + e.source_ord AS pos, e.ts_ns, e.session_id, e.agent_id, e.kind, e.to_state,
  CASE n.role WHEN 'log' THEN 1 WHEN 'registry' THEN 2 ELSE 3 END AS word,
  CASE
    WHEN e.kind IN ('session.end', 'session.crash', 'session.expire') THEN 'end'
    WHEN e.kind IN ('session.start', 'session.register', 'session.resume') THEN 'start'
    ELSE 'other'
  END AS part
FROM events e JOIN source_numbers n ON n.source_id = e.source_id
WHERE e.session_id IS NOT NULL AND e.ts_ns IS NOT NULL
