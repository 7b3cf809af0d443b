-- lock_steps: what happened to each resource, in order, and what had happened to it before?
-- What two logs tell of one session at one time is one fact; what two streams tell within the difference that clocks may have is one
-- fact as well, and counts when it was told first.
-- Within one tick of the clock what ends an earlier hold comes first; what begins and ends within the tick keeps the log's order.
-- A holder that acquires again goes on with its hold (hold_no; it began at hold_place). A release that is logged as invoke and complete counts from its invoke, and done_ns says when it was complete.
CREATE TABLE lock_steps AS
WITH every AS (
  SELECT resource_no, session_no, pos, source_id, stream, ts_ns, kind, phase, op_outcome, expires_ns FROM lock_rows WHERE kind <> 'lock.request'
),
several AS (
  SELECT resource_no FROM every GROUP BY resource_no HAVING min(source_id) <> max(source_id)
),
instants AS (
  SELECT *, min(source_id) OVER (PARTITION BY resource_no, session_no, kind, coalesce(phase, ''), ts_ns) AS instant_source_id
  FROM every WHERE resource_no IN (SELECT resource_no FROM several)
),
numbered AS (
  SELECT *, row_number() OVER (PARTITION BY stream, resource_no, session_no, kind, coalesce(phase, '') ORDER BY ts_ns, pos) AS nth
  FROM instants WHERE source_id = instant_source_id
),
firsts AS (
  SELECT *,
    first_value(ts_ns) OVER (PARTITION BY resource_no, session_no, kind, coalesce(phase, ''), nth ORDER BY ts_ns, pos) AS first_ns,
    row_number() OVER (PARTITION BY resource_no, session_no, kind, coalesce(phase, ''), nth ORDER BY ts_ns, pos) AS copy
  FROM numbered
),
told AS (
  SELECT f.resource_no, f.session_no, f.pos, f.ts_ns, f.kind, f.phase, f.op_outcome, f.expires_ns
  FROM firsts f CROSS JOIN settings p WHERE f.copy = 1 OR f.ts_ns - f.first_ns > p.skew_ns
  UNION ALL
  SELECT resource_no, session_no, pos, ts_ns, kind, phase, op_outcome, expires_ns
  FROM every WHERE resource_no NOT IN (SELECT resource_no FROM several)
),
own AS (
  SELECT *,
    lag(kind) OVER mine AS own_kind, lag(ts_ns) OVER mine AS own_ts_ns, lag(phase) OVER mine AS own_phase,
    lead(kind) OVER mine AS then_kind, lead(ts_ns) OVER mine AS then_ts_ns, lead(phase) OVER mine AS then_phase,
    lead(op_outcome) OVER mine AS then_outcome
  FROM told
  WINDOW mine AS (PARTITION BY resource_no, session_no ORDER BY ts_ns, pos)
),
happened AS (
  SELECT resource_no, session_no, pos, ts_ns, kind, expires_ns,
    CASE WHEN phase = 'invoke' AND then_kind = kind AND then_phase = 'complete' THEN then_outcome
      WHEN phase = 'invoke' THEN 'unknown' ELSE op_outcome END AS op_outcome,
    CASE WHEN phase = 'invoke' AND then_kind = kind AND then_phase = 'complete' THEN then_ts_ns
      WHEN phase IS NULL OR phase <> 'invoke' THEN ts_ns END AS done_ns,
    CASE WHEN phase = 'complete' AND own_phase = 'invoke' AND own_kind = kind THEN own_ts_ns ELSE ts_ns END AS asked_ns,
    CASE WHEN kind IN ('lock.release', 'lock.expire')
      AND NOT coalesce(own_kind IN ('lock.acquire', 'lock.renew', 'lock.steal') AND own_ts_ns = ts_ns, FALSE) THEN 0 ELSE 1 END AS tie
  FROM own
  WHERE NOT (kind = 'lock.acquire' AND coalesce(phase, '') = 'invoke' AND coalesce(then_kind, '') = kind
      AND coalesce(then_phase, '') = 'complete')
    AND NOT (kind = 'lock.release' AND coalesce(phase, '') = 'complete' AND coalesce(own_kind, '') = kind
      AND coalesce(own_phase, '') = 'invoke')
),
placed AS (
  SELECT *, row_number() OVER there AS place,
    count(CASE WHEN kind IN ('lock.steal', 'lock.expire') THEN 1 END)
      OVER (PARTITION BY resource_no ORDER BY ts_ns, tie, pos ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS n_taken,
    lag(pos) OVER there AS prev_pos, lag(op_outcome) OVER there AS prev_outcome
  FROM happened WHERE op_outcome <> 'fail'
  WINDOW there AS (PARTITION BY resource_no ORDER BY ts_ns, tie, pos)
),
linked AS (
  SELECT *,
    lag(kind) OVER (PARTITION BY resource_no, session_no ORDER BY place) AS own_prev_kind,
    lag(n_taken) OVER (PARTITION BY resource_no, session_no ORDER BY place) AS own_prev_taken
  FROM placed
),
counted AS (
  SELECT *,
    count(CASE WHEN kind IN ('lock.acquire', 'lock.steal')
      AND (own_prev_kind IS NULL OR own_prev_kind IN ('lock.release', 'lock.expire')
        OR n_taken - CASE WHEN kind = 'lock.steal' THEN 1 ELSE 0 END > own_prev_taken) THEN 1 END)
      OVER (PARTITION BY resource_no, session_no ORDER BY place ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS hold_no
  FROM linked
)
SELECT r.resource_id, r.session_id, r.run_no, r.source_id, r.source_ord, r.event_id, c.ts_ns, c.kind, r.stream, c.op_outcome, r.fence, r.expires_ns,
  r.clock_domain, r.res_ns, r.shared, c.done_ns, c.asked_ns, c.place,
  b.kind AS prev_kind, b.session_id AS prev_holder, b.run_no AS prev_run_no, b.event_id AS prev_event_id, b.ts_ns AS prev_ts_ns,
  b.source_id AS prev_source_id, b.clock_domain AS prev_clock_domain, b.shared AS prev_shared, b.expires_ns AS prev_expires_ns, c.prev_outcome,
  c.own_prev_kind, c.hold_no, h.hold_place, h.lease_end_ns
FROM counted c
JOIN lock_rows r ON r.pos = c.pos
JOIN (
  SELECT resource_no, session_no, hold_no, min(place) AS hold_place, max(expires_ns) AS lease_end_ns FROM counted GROUP BY resource_no, session_no, hold_no
) h ON h.resource_no = c.resource_no AND h.session_no = c.session_no AND h.hold_no = c.hold_no
LEFT JOIN lock_rows b ON b.pos = c.prev_pos
