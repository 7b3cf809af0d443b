-- stuck_lock: a lock that is still held at the log's end by a session that is gone, or for longer than a lock should be held.
-- severity: critical
-- confidence: likely. A release that was not logged looks the same; possible only where the holder may still be at work.
-- blind: streams that log no releases at all; leases that have run out, which free the lock by themselves.
-- needs: lock.acquire, lock.steal; the logs hold no lock.acquire and no lock.steal events
-- needs: lock.release, lock.expire; the logs hold no releases, so a lock that is still held cannot be told from one that was given back
-- text: {resource_id} was never released by {session_id} ({status}), taken {held_ns:span} before the log ends; {waiters} wait for it
WITH last_own AS (
  SELECT l.*, row_number() OVER (PARTITION BY resource_id, session_id ORDER BY place DESC) AS back,
    row_number() OVER (PARTITION BY resource_id ORDER BY place DESC) AS back_any
  FROM lock_steps l
),
held AS (
  SELECT c.*, a.event_id AS taken_event_id, a.ts_ns AS since_ns FROM last_own c
  JOIN lock_steps a ON a.resource_id = c.resource_id AND a.place = c.hold_place
  WHERE c.back = 1 AND (c.back_any = 1 OR c.shared = 1) AND c.kind IN ('lock.acquire', 'lock.renew', 'lock.steal')
),
waiting AS (
  SELECT resource_id, count(DISTINCT waiter) AS n FROM waits WHERE still GROUP BY resource_id
)
SELECT c.source_id, c.session_id, c.resource_id, c.since_ns AS ts_ns, c.taken_event_id AS event_id, t.log_end_ns - c.since_ns AS held_ns,
  lower(s.status) AS status, coalesce(w.n, 0) AS waiters,
  CASE WHEN s.status IN ('ENDED', 'CRASHED', 'EXPIRED', 'ORPHANED', 'SUPERSEDED') THEN 'likely' ELSE 'possible' END AS confidence
FROM held c
JOIN sessions s ON s.session_id = c.session_id AND s.run_no = c.run_no
JOIN streams t ON t.stream = c.stream
CROSS JOIN settings p
LEFT JOIN waiting w ON w.resource_id = c.resource_id
WHERE coalesce(c.lease_end_ns, t.log_end_ns + 1) > t.log_end_ns
  AND (s.status IN ('ENDED', 'CRASHED', 'EXPIRED', 'ORPHANED', 'SUPERSEDED')
    OR (s.status = 'SILENT' AND t.log_end_ns - s.last_seen_ns > p.silent_ns)
    OR t.log_end_ns - c.since_ns > p.lock_ns)
