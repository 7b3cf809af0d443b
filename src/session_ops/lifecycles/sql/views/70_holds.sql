-- holds: who held which resource, certainly and possibly from when to when, and how did it end?
-- A hold ends with the holder's own release, a theft or expiry by anybody, or the holder's end; else it is open at the log's end.
CREATE TABLE holds AS
WITH ahead AS (
  SELECT *,
    min(CASE WHEN kind = 'lock.release' THEN place END)
      OVER (PARTITION BY resource_id, session_id ORDER BY place ROWS BETWEEN 1 FOLLOWING AND UNBOUNDED FOLLOWING) AS own_release,
    min(CASE WHEN kind IN ('lock.acquire', 'lock.steal') THEN place END)
      OVER (PARTITION BY resource_id, session_id ORDER BY place ROWS BETWEEN 1 FOLLOWING AND UNBOUNDED FOLLOWING) AS own_acquire,
    min(CASE WHEN kind IN ('lock.steal', 'lock.expire') THEN place END)
      OVER (PARTITION BY resource_id ORDER BY place ROWS BETWEEN 1 FOLLOWING AND UNBOUNDED FOLLOWING) AS taken
  FROM lock_steps
),
ended AS (
  SELECT a.*,
    CASE WHEN a.own_release < coalesce(a.own_acquire, a.own_release + 1) THEN a.own_release END AS release_place
  FROM ahead a WHERE a.kind IN ('lock.acquire', 'lock.steal')
),
closed AS (
  SELECT e.*,
    CASE
      WHEN e.release_place IS NULL THEN e.taken
      WHEN e.taken IS NULL THEN e.release_place
      WHEN e.taken < e.release_place THEN e.taken
      ELSE e.release_place
    END AS end_place
  FROM ended e
)
SELECT c.source_id, c.resource_id, c.session_id AS holder, c.run_no,
  c.ts_ns AS certain_from, coalesce(x.ts_ns, r.end_ns) AS certain_to,
  c.ts_ns AS possible_from, coalesce(x.ts_ns, r.end_ns, t.log_end_ns) AS possible_to,
  CASE
    WHEN x.kind = 'lock.release' THEN 'released'
    WHEN x.kind = 'lock.steal' THEN 'stolen'
    WHEN x.kind = 'lock.expire' THEN 'expired'
    WHEN r.end_ns IS NOT NULL THEN 'session_end'
    ELSE 'open'
  END AS how_ended,
  c.event_id, x.event_id AS end_event_id
FROM closed c
LEFT JOIN lock_steps x ON x.resource_id = c.resource_id AND x.place = c.end_place
JOIN runs r ON r.session_id = c.session_id AND r.run_no = c.run_no
JOIN streams t ON t.stream = c.stream
