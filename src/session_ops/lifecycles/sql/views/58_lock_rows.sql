-- lock_rows: all that happened to resources, with what the events tell of it, and a number for each resource.
CREATE TABLE lock_rows AS
WITH told AS (
  SELECT n.base + s.source_ord AS pos, e.resource_id, s.session_no, s.session_id, s.run_no, s.source_id, s.source_ord, s.event_id, s.ts_ns, s.kind,
    s.stream, coalesce(e.op_outcome, 'ok') AS op_outcome, e.phase, e.fence, e.expires_ns, coalesce(e.clock_domain, '') AS clock_domain,
    e.ts_res_ns AS res_ns, CASE WHEN lower(e.mode) IN ('shared', 'read', 's', 'r', 'ro') THEN 1 ELSE 0 END AS shared
  FROM steps s
  JOIN events e ON e.source_id = s.source_id AND e.source_ord = s.source_ord
  JOIN source_numbers n ON n.source_id = s.source_id
  WHERE e.resource_id IS NOT NULL
    AND s.kind IN ('lock.request', 'lock.acquire', 'lock.renew', 'lock.steal', 'lock.release', 'lock.expire')
)
SELECT t.*, r.resource_no
FROM told t
JOIN (SELECT resource_id, min(pos) AS resource_no FROM told GROUP BY resource_id) r ON r.resource_id = t.resource_id
