-- deadlock: sessions waited for each other's locks in a circle.
-- severity: critical
-- confidence: proven. Each waited while the next one held; likely where the circle was broken by itself.
-- blind: waits that are not logged; circles of more than 8 sessions, or that closed long after one of them was last seen (the limit of an orphan).
-- needs: lock.acquire, lock.steal; the logs hold no lock.acquire and no lock.steal events
-- needs: lock.request; holds are logged but waits are not, so who waited for whom cannot be decided
-- text: {path} waited for each other for {lasted_ns:span}
WITH RECURSIVE waiting AS (
  SELECT w.*, CASE WHEN w.still THEN r.last_seen_ns + p.orphan_ns ELSE w.to_ns END AS waits_until_ns
  FROM waits w JOIN runs r ON r.session_id = w.waiter AND r.run_no = w.run_no CROSS JOIN settings p
),
holding AS (
  SELECT h.*, CASE WHEN h.how_ended = 'open' THEN r.last_seen_ns + p.orphan_ns ELSE h.possible_to END AS holds_until_ns
  FROM holds h JOIN runs r ON r.session_id = h.holder AND r.run_no = h.run_no CROSS JOIN settings p
),
edges AS (
  SELECT w.source_id, w.waiter, h.holder, w.resource_id, w.event_id, w.still,
    greatest(w.from_ns, h.possible_from) AS from_ns, least(w.to_ns, h.possible_to) AS to_ns,
    least(w.to_ns, h.possible_to, w.waits_until_ns, h.holds_until_ns) AS until_ns
  FROM waiting w JOIN holding h ON h.resource_id = w.resource_id AND h.holder <> w.waiter
  WHERE greatest(w.from_ns, h.possible_from) < least(w.to_ns, h.possible_to, w.waits_until_ns, h.holds_until_ns)
),
paths AS (
  SELECT waiter AS first, holder AS last, source_id, resource_id, from_ns, to_ns, until_ns, event_id, event_id AS event_ids, 1 AS depth, still,
    ' > ' || waiter || ' > ' || holder || ' > ' AS path
  FROM edges WHERE holder > waiter
  UNION ALL
  SELECT p.first, e.holder AS last, p.source_id, p.resource_id, greatest(p.from_ns, e.from_ns) AS from_ns, least(p.to_ns, e.to_ns) AS to_ns,
    least(p.until_ns, e.until_ns) AS until_ns, e.event_id, p.event_ids || ' ' || e.event_id AS event_ids, p.depth + 1 AS depth, p.still AND e.still AS still,
    p.path || e.holder || ' > ' AS path
  FROM paths p JOIN edges e ON e.waiter = p.last
  WHERE p.last <> p.first AND p.depth < 8 AND greatest(p.from_ns, e.from_ns) < least(p.until_ns, e.until_ns)
    AND (e.holder = p.first OR (e.holder > p.first AND strpos(p.path, ' > ' || e.holder || ' > ') = 0))
)
SELECT source_id, first AS session_id, resource_id, from_ns AS ts_ns, event_ids AS path_event_ids,
  substr(path, 4, length(path) - 6) AS path, to_ns - from_ns AS lasted_ns, CASE WHEN still THEN 'proven' ELSE 'likely' END AS confidence
FROM paths WHERE last = first
