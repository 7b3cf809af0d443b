-- orphan: a session that never ended, in a log that does record ends, and that nobody has seen for long.
-- severity: critical
-- confidence: likely. A very long silent step looks the same; possible only where the start is not in the log.
-- blind: streams that do not log ends (said by source_never_ends) or that were sampled or cut; sessions started shortly before the log ends.
-- needs: ends; the logs never say that a session ended
-- text: {session_id} has no end: last seen {last_seen_ns:time}, {silent_ns:span} before the log ends
SELECT s.source_id, s.session_id, NULL AS resource_id, s.last_seen_ns AS ts_ns, r.last_event_id AS event_id,
  r.first_event_id AS prev_event_id, s.last_seen_ns, t.log_end_ns - s.last_seen_ns AS silent_ns, s.status_confidence AS confidence
FROM sessions s
JOIN runs r ON r.session_id = s.session_id AND r.run_no = s.run_no
JOIN streams t ON t.stream = r.stream
JOIN sources o ON o.source_id = s.source_id
WHERE s.status = 'ORPHANED' AND coalesce(o.completeness, 'complete') = 'complete'
