-- duplicate_id: a session was started again while it was still open, by another process or at another time.
-- severity: critical
-- confidence: likely. A tracker that logs a start on every reconnect looks the same.
-- blind: two processes that share one start; streams that do not log ends, where a second start may be a resume.
-- needs: ends; the logs never say that a session ended
-- text: {session_id} was started a second time while it was open
SELECT s.source_id, s.session_id, NULL AS resource_id, s.ts_ns, s.event_id, s.prev_event_id
FROM steps s
JOIN runs r ON r.session_id = s.session_id AND r.run_no = s.run_no
JOIN streams t ON t.stream = s.stream
JOIN sources o ON o.source_id = s.source_id
WHERE s.kind = 'session.start' AND s.start_place > coalesce(s.end_place, 0) AND t.logs_end AND s.ts_ns > r.start_ns + o.res_ns
