-- duplicate_id: a session was started again while it was still open, by another process or at another time.
-- severity: critical
-- confidence: likely. A tracker that logs a start on every reconnect looks the same.
-- blind: two processes that share one start.
-- text: {session_id} was started a second time while it was open
SELECT source_id, session_id, NULL AS resource_id, ts_ns, event_id, prev_event_id
FROM steps
WHERE kind = 'session.start' AND start_place IS NOT NULL AND start_place > coalesce(end_place, 0)
