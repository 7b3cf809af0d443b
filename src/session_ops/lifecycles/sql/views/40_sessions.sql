-- sessions: what became of each run of a session, as far as the log tells?
-- Open runs are judged at the log's end: live, silent, orphaned, or censored where the stream does not log ends at all.
CREATE TABLE sessions AS
SELECT r.source_id, r.format_id, r.session_id, r.run_no, r.agent_id, r.parent_session_id, r.start_ns, r.start_known,
  r.end_ns, r.end_kind,
  CASE
    WHEN r.end_kind = 'session.end' THEN 'ENDED'
    WHEN r.end_kind = 'session.crash' THEN 'CRASHED'
    WHEN r.end_kind = 'session.expire' THEN 'EXPIRED'
    WHEN n.previous_session_id IS NOT NULL THEN 'SUPERSEDED'
    WHEN NOT t.logs_end THEN 'CENSORED'
    WHEN t.log_end_ns - r.last_seen_ns > p.orphan_ns THEN 'ORPHANED'
    WHEN t.log_end_ns - r.last_seen_ns > p.silent_ns THEN 'SILENT'
    ELSE 'LIVE'
  END AS status,
  CASE
    WHEN r.end_ns IS NOT NULL THEN 'proven'
    WHEN n.previous_session_id IS NOT NULL THEN 'likely'
    WHEN t.logs_end AND t.log_end_ns - r.last_seen_ns > p.orphan_ns AND r.start_known THEN 'likely'
    ELSE 'possible'
  END AS status_confidence,
  r.last_seen_ns, r.n_events, r.n_beats, r.max_gap_ns
FROM runs r
JOIN streams t ON t.stream = r.stream
CROSS JOIN settings p
LEFT JOIN (
  SELECT DISTINCT previous_session_id FROM runs WHERE previous_session_id IS NOT NULL
) n ON n.previous_session_id = r.session_id
