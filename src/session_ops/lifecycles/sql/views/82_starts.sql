-- starts: which process of which agent began which run of a session, where, and what became of it?
CREATE TABLE starts AS
SELECT s.source_id, s.stream, s.role, s.session_id, s.run_no, s.kind, s.ts_ns, s.event_id, s.place, e.agent_id,
  coalesce(e.workspace, '') AS workspace, e.previous_session_id,
  r.end_kind, r.end_ns, r.last_seen_ns, r.n_events
FROM steps s
JOIN events e ON e.source_id = s.source_id AND e.source_ord = s.source_ord
JOIN runs r ON r.session_id = s.session_id AND r.run_no = s.run_no
WHERE s.part = 'start'
