-- waits: who waited for which resource, from when to when? A wait ends with the grant, with a refusal or with the session's end.
CREATE TABLE waits AS
WITH told AS (
  SELECT e.resource_id, s.session_id, s.run_no, s.source_id, s.source_ord, s.stream, s.event_id, s.ts_ns,
    s.kind = 'lock.request' OR (s.kind = 'lock.acquire' AND coalesce(e.phase, '') = 'invoke') AS asks
  FROM steps s JOIN events e ON e.source_id = s.source_id AND e.source_ord = s.source_ord
  WHERE e.resource_id IS NOT NULL AND s.kind IN ('lock.request', 'lock.acquire', 'lock.steal', 'lock.release')
),
placed AS (
  SELECT *,
    lag(asks) OVER (PARTITION BY resource_id, session_id ORDER BY ts_ns, source_id, source_ord) AS asked_before,
    min(CASE WHEN NOT asks THEN ts_ns END) OVER (PARTITION BY resource_id, session_id ORDER BY ts_ns, source_id, source_ord
      ROWS BETWEEN 1 FOLLOWING AND UNBOUNDED FOLLOWING) AS answer_ns
  FROM told
)
SELECT p.source_id, p.resource_id, p.session_id AS waiter, p.run_no, p.event_id, p.ts_ns AS from_ns,
  coalesce(p.answer_ns, CASE WHEN r.end_ns >= p.ts_ns THEN r.end_ns END, t.log_end_ns) AS to_ns,
  p.answer_ns IS NULL AND coalesce(r.end_ns, p.ts_ns - 1) < p.ts_ns AS still
FROM placed p
JOIN runs r ON r.session_id = p.session_id AND r.run_no = p.run_no
JOIN streams t ON t.stream = p.stream
WHERE p.asks AND NOT coalesce(p.asked_before, FALSE)
