-- holds: who held which resource, certainly and possibly from when to when, and how did it end?
-- A hold ends with the holder's own release, a theft or expiry by anybody, or the holder's end; else it is open at the log's end.
-- It is certain from the moment that the acquire was granted until the release was asked for, the lease ran out or the holder was
-- last seen; possible from the moment that it was asked for until the release was done, or until the log's end.
CREATE TABLE holds AS
WITH ahead AS (
  SELECT *,
    min(CASE WHEN kind = 'lock.release' THEN place END)
      OVER (PARTITION BY resource_id, session_id ORDER BY place ROWS BETWEEN 1 FOLLOWING AND UNBOUNDED FOLLOWING) AS release_place,
    min(CASE WHEN kind IN ('lock.steal', 'lock.expire') THEN place END)
      OVER (PARTITION BY resource_id ORDER BY place ROWS BETWEEN 1 FOLLOWING AND UNBOUNDED FOLLOWING) AS taken
  FROM lock_steps
),
closed AS (
  SELECT e.*,
    CASE
      WHEN e.release_place IS NULL THEN e.taken
      WHEN e.taken IS NULL THEN e.release_place
      WHEN e.taken < e.release_place THEN e.taken
      ELSE e.release_place
    END AS end_place
  FROM ahead e WHERE e.place = e.hold_place AND e.kind IN ('lock.acquire', 'lock.steal')
),
bounds AS (
  SELECT c.*, x.kind AS x_kind, x.event_id AS end_event_id, x.ts_ns AS x_ts_ns, x.done_ns AS x_done_ns, r.end_ns AS r_end_ns,
    t.log_end_ns, CASE WHEN x.ts_ns IS NULL AND r.end_ns < c.ts_ns THEN NULL ELSE r.end_ns END AS left_ns,
    CASE WHEN r.last_seen_ns < c.ts_ns THEN c.ts_ns ELSE r.last_seen_ns END AS seen_ns
  FROM closed c
  LEFT JOIN lock_steps x ON x.resource_id = c.resource_id AND x.place = c.end_place
  JOIN runs r ON r.session_id = c.session_id AND r.run_no = c.run_no
  JOIN streams t ON t.stream = c.stream
),
lengths AS (
  SELECT *, coalesce(x_ts_ns, left_ns, seen_ns) AS sure_to, coalesce(x_done_ns, left_ns, log_end_ns) AS perhaps_to FROM bounds
)
SELECT source_id, resource_id, session_id AS holder, run_no,
  CASE WHEN op_outcome = 'ok' THEN ts_ns END AS certain_from,
  CASE WHEN op_outcome = 'ok' AND lease_end_ns < sure_to THEN lease_end_ns WHEN op_outcome = 'ok' THEN sure_to END AS certain_to,
  asked_ns AS possible_from,
  CASE WHEN lease_end_ns < perhaps_to AND x_ts_ns IS NULL THEN lease_end_ns ELSE perhaps_to END AS possible_to,
  CASE
    WHEN x_kind = 'lock.release' THEN 'released'
    WHEN x_kind = 'lock.steal' THEN 'stolen'
    WHEN x_kind = 'lock.expire' THEN 'expired'
    WHEN left_ns IS NOT NULL THEN 'session_end'
    ELSE 'open'
  END AS how_ended,
  event_id, end_event_id, shared = 1 AS shared, clock_domain, res_ns
FROM lengths
