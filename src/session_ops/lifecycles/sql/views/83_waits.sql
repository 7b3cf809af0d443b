-- waits: who waited for which resource, from when to when? A wait ends with the grant, with a refusal or with the session's end.
CREATE TABLE waits AS
WITH told AS (
  SELECT *, kind = 'lock.request' OR (kind = 'lock.acquire' AND coalesce(phase, '') = 'invoke') AS asks
  FROM lock_rows WHERE kind IN ('lock.request', 'lock.acquire', 'lock.steal', 'lock.release')
),
placed AS (
  SELECT *,
    lag(asks) OVER (PARTITION BY resource_no, session_no ORDER BY ts_ns, pos) AS asked_before,
    min(CASE WHEN NOT asks THEN ts_ns END) OVER (PARTITION BY resource_no, session_no ORDER BY ts_ns, pos
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
