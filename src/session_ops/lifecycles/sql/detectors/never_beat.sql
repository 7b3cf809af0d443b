-- never_beat: a session that was started and of which nothing else was ever logged.
-- severity: gap
-- confidence: likely. A session that only writes elsewhere looks the same.
-- blind: registries and diaries, which log no activity; sessions started shortly before the log ends.
-- needs: session.heartbeat, session.activity
-- text: {session_id} was started and nothing followed, {silent_ns:span} until the log ends
SELECT s.source_id, s.session_id, NULL AS resource_id, s.start_ns AS ts_ns, r.first_event_id AS event_id,
  t.log_end_ns - s.last_seen_ns AS silent_ns
FROM sessions s
JOIN runs r ON r.session_id = s.session_id AND r.run_no = s.run_no
JOIN streams t ON t.stream = r.stream
JOIN sources o ON o.source_id = s.source_id
CROSS JOIN settings p
WHERE o.role = 'log' AND s.start_known AND s.n_events = 1 AND s.end_ns IS NULL AND t.log_end_ns - s.last_seen_ns > p.grace_ns
