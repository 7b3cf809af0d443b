-- stuck_lock: a lock that is still held at the log's end by a session that has ended, or that nobody has seen for long.
-- severity: critical
-- confidence: likely. A release that was not logged looks the same.
-- blind: streams that log no releases at all.
-- needs: lock.release
-- text: {resource_id} was never released by {session_id} ({status}), taken {held_ns:span} before the log ends
SELECT c.source_id, c.session_id, c.resource_id, c.ts_ns, c.event_id, t.log_end_ns - c.ts_ns AS held_ns, lower(s.status) AS status
FROM lock_steps c
JOIN (SELECT resource_id, max(place) AS place FROM lock_steps GROUP BY resource_id) f
  ON f.resource_id = c.resource_id AND f.place = c.place
JOIN sessions s ON s.session_id = c.session_id AND s.run_no = c.run_no
JOIN streams t ON t.stream = c.stream
CROSS JOIN settings p
WHERE c.kind IN ('lock.acquire', 'lock.renew', 'lock.steal')
  AND (s.status IN ('ENDED', 'CRASHED', 'EXPIRED', 'ORPHANED', 'SUPERSEDED')
    OR (s.status = 'SILENT' AND t.log_end_ns - s.last_seen_ns > p.silent_ns))
