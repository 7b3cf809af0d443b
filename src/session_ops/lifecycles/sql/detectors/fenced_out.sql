-- fenced_out: a holder whose fencing token was already overtaken went on using the resource.
-- severity: critical
-- confidence: proven. A fence never goes down, whatever the clocks say; possible across clocks, where the order itself is open.
-- blind: operations that carry no fence; releases, which do no harm.
-- needs: fences; no lock in these logs carries a fencing token
-- text: {session_id} used {resource_id} with fence {fence}, after {fence_before} had been granted
WITH told AS (
  SELECT e.source_id, e.source_ord, e.session_id, e.resource_id, e.ts_ns, e.event_id, e.fence, e.kind, coalesce(e.clock_domain, '') AS clock_domain
  FROM events e
  WHERE e.fence IS NOT NULL AND e.resource_id IS NOT NULL AND e.session_id IS NOT NULL AND e.ts_ns IS NOT NULL
    AND coalesce(e.op_outcome, 'ok') <> 'fail'
    AND e.resource_id IN (SELECT resource_id FROM lock_steps WHERE fence IS NOT NULL)
),
placed AS (
  SELECT *, row_number() OVER (PARTITION BY resource_id ORDER BY ts_ns, source_id, source_ord) AS place FROM told
),
before AS (
  SELECT *, max(fence) OVER (PARTITION BY resource_id ORDER BY place ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS fence_before
  FROM placed
),
late AS (
  SELECT b.*, g.event_id AS prev_event_id, g.source_id AS prev_source_id, g.clock_domain AS prev_clock_domain,
    row_number() OVER (PARTITION BY b.event_id ORDER BY g.place) AS nth
  FROM before b
  JOIN placed g ON g.resource_id = b.resource_id AND g.fence = b.fence_before AND g.place < b.place
  WHERE b.fence < b.fence_before AND b.kind NOT IN ('lock.release', 'lock.expire', 'lock.request')
)
SELECT source_id, session_id, resource_id, ts_ns, event_id, prev_event_id, fence, fence_before,
  CASE WHEN source_id = prev_source_id OR (clock_domain = prev_clock_domain AND clock_domain <> '') THEN 'proven' ELSE 'possible' END AS confidence
FROM late WHERE nth = 1
