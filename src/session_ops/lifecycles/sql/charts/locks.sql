-- locks: how long was each resource held and waited for, by how many sessions, and what looks wrong with it?
-- Held is certain time: from the grant to the release, the lease's end or the holder's last sign of life. Times of several holders add up.
WITH held AS (
  SELECT resource_id, count(*) AS holds, count(DISTINCT holder) AS holders, count(CASE WHEN how_ended = 'open' THEN 1 END) AS unreleased,
    coalesce(sum(greatest(certain_to - certain_from, 0)), 0) / 1e9 AS held_s
  FROM holds GROUP BY resource_id
),
waited AS (
  SELECT resource_id, count(*) AS waits, count(DISTINCT waiter) AS waiters, count(CASE WHEN still THEN 1 END) AS unanswered,
    sum(greatest(to_ns - from_ns, 0)) / 1e9 AS waited_s
  FROM waits GROUP BY resource_id
),
wrong AS (
  SELECT resource_id, count(*) AS anomalies, min(CASE severity WHEN 'critical' THEN 1 WHEN 'gap' THEN 2 ELSE 3 END) AS worst
  FROM anomalies WHERE NOT undecidable AND resource_id IS NOT NULL GROUP BY resource_id
)
SELECT coalesce(h.resource_id, w.resource_id) AS resource_id, coalesce(h.holds, 0) AS holds, coalesce(h.holders, 0) AS holders,
  coalesce(h.unreleased, 0) AS unreleased, coalesce(h.held_s, 0) AS held_s, coalesce(w.waits, 0) AS waits, coalesce(w.waiters, 0) AS waiters,
  coalesce(w.unanswered, 0) AS unanswered, coalesce(w.waited_s, 0) AS waited_s, coalesce(a.anomalies, 0) AS anomalies,
  CASE a.worst WHEN 1 THEN 'critical' WHEN 2 THEN 'gap' WHEN 3 THEN 'advice' END AS severity
FROM held h FULL JOIN waited w ON w.resource_id = h.resource_id
LEFT JOIN wrong a ON a.resource_id = coalesce(h.resource_id, w.resource_id)
ORDER BY waited_s DESC, held_s DESC, resource_id
