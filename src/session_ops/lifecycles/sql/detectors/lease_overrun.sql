-- lease_overrun: a holder used or gave back a lock after its lease had run out, without having renewed it in time.
-- severity: gap
-- confidence: likely. Possible where another clock than the holder's set the end of the lease and the difference is small.
-- blind: work on the resource that is not logged with it; leases whose length is not logged.
-- needs: leases; no lock in these logs says when its lease ends
-- text: {session_id} still used {resource_id} {late_ns:span} after its lease had run out
WITH own AS (
  SELECT e.source_id, e.source_ord, e.session_id, e.resource_id, e.ts_ns, e.event_id, e.kind, e.expires_ns, e.ts_res_ns AS res_ns
  FROM events e
  WHERE e.resource_id IS NOT NULL AND e.session_id IS NOT NULL AND e.ts_ns IS NOT NULL AND coalesce(e.op_outcome, 'ok') <> 'fail'
    AND e.resource_id IN (SELECT resource_id FROM lock_steps WHERE expires_ns IS NOT NULL)
    AND e.kind NOT IN ('lock.request', 'lock.expire', 'registry.set')
),
counted AS (
  SELECT *,
    count(CASE WHEN kind IN ('lock.acquire', 'lock.steal') THEN 1 END)
      OVER (PARTITION BY resource_id, session_id ORDER BY ts_ns, source_id, source_ord ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS hold_no,
    count(CASE WHEN kind = 'lock.release' THEN 1 END)
      OVER (PARTITION BY resource_id, session_id ORDER BY ts_ns, source_id, source_ord ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS released
  FROM own
),
before AS (
  SELECT *,
    max(expires_ns) OVER (PARTITION BY resource_id, session_id, hold_no, released ORDER BY ts_ns, source_id, source_ord
      ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS until_ns,
    row_number() OVER (PARTITION BY resource_id, session_id, hold_no, released ORDER BY ts_ns, source_id, source_ord) AS nth
  FROM counted
),
late AS (
  SELECT *, row_number() OVER (PARTITION BY resource_id, session_id, hold_no, released ORDER BY nth) AS first
  FROM before WHERE ts_ns > until_ns + res_ns AND hold_no > 0
)
SELECT l.source_id, l.session_id, l.resource_id, l.ts_ns, l.event_id, g.event_id AS prev_event_id, l.ts_ns - l.until_ns AS late_ns
FROM late l
JOIN before g ON g.resource_id = l.resource_id AND g.session_id = l.session_id AND g.hold_no = l.hold_no AND g.released = l.released AND g.nth = 1
WHERE l.first = 1
