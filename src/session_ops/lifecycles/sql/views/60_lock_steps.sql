-- lock_steps: what happened to each resource, in order, and what had happened to it before?
-- What two logs tell of one session at one time is one fact; what two streams tell within the difference that clocks may have is one
-- fact as well, and counts when it was told first.
-- Within one tick of the clock what ends an earlier hold comes first; what begins and ends within the tick keeps the log's order.
-- A holder that acquires again goes on with its hold (hold_no; it began at hold_place). A release that is logged as invoke and complete counts from its invoke, and done_ns says when it was complete.
CREATE TABLE lock_steps AS
WITH every AS (
  SELECT e.resource_id, s.session_id, s.run_no, s.source_id, s.source_ord, s.event_id, s.ts_ns, s.kind, s.stream,
    coalesce(e.op_outcome, 'ok') AS op_outcome, e.phase, e.fence, e.expires_ns, coalesce(e.clock_domain, '') AS clock_domain, e.ts_res_ns AS res_ns,
    CASE WHEN lower(e.mode) IN ('shared', 'read', 's', 'r', 'ro') THEN 1 ELSE 0 END AS shared
  FROM steps s JOIN events e ON e.source_id = s.source_id AND e.source_ord = s.source_ord
  WHERE e.resource_id IS NOT NULL
    AND s.kind IN ('lock.acquire', 'lock.renew', 'lock.steal', 'lock.release', 'lock.expire')
),
several AS (
  SELECT resource_id FROM every GROUP BY resource_id HAVING min(source_id) <> max(source_id)
),
instants AS (
  SELECT *, min(source_id) OVER (PARTITION BY resource_id, session_id, kind, coalesce(phase, ''), ts_ns) AS instant_source_id FROM every WHERE resource_id IN (SELECT resource_id FROM several)
),
numbered AS (
  SELECT *, row_number() OVER (PARTITION BY stream, resource_id, session_id, kind, coalesce(phase, '') ORDER BY ts_ns, source_id, source_ord) AS nth
  FROM instants WHERE source_id = instant_source_id
),
firsts AS (
  SELECT *,
    first_value(ts_ns) OVER (PARTITION BY resource_id, session_id, kind, coalesce(phase, ''), nth ORDER BY ts_ns, source_id, source_ord) AS first_ns,
    row_number() OVER (PARTITION BY resource_id, session_id, kind, coalesce(phase, ''), nth ORDER BY ts_ns, source_id, source_ord) AS copy
  FROM numbered
),
told AS (
  SELECT f.resource_id, f.session_id, f.run_no, f.source_id, f.source_ord, f.event_id, f.ts_ns, f.kind, f.stream, f.op_outcome, f.phase,
    f.fence, f.expires_ns, f.clock_domain, f.res_ns, f.shared
  FROM firsts f CROSS JOIN settings p WHERE f.copy = 1 OR f.ts_ns - f.first_ns > p.skew_ns
  UNION ALL
  SELECT resource_id, session_id, run_no, source_id, source_ord, event_id, ts_ns, kind, stream, op_outcome, phase,
    fence, expires_ns, clock_domain, res_ns, shared
  FROM every WHERE resource_id NOT IN (SELECT resource_id FROM several)
),
own AS (
  SELECT *,
    lag(kind) OVER mine AS own_kind, lag(ts_ns) OVER mine AS own_ts_ns, lag(phase) OVER mine AS own_phase,
    lead(kind) OVER mine AS then_kind, lead(ts_ns) OVER mine AS then_ts_ns, lead(phase) OVER mine AS then_phase,
    lead(op_outcome) OVER mine AS then_outcome
  FROM told
  WINDOW mine AS (PARTITION BY resource_id, session_id ORDER BY ts_ns, source_id, source_ord)
),
happened AS (
  SELECT resource_id, session_id, run_no, source_id, source_ord, event_id, ts_ns, kind, stream, fence, expires_ns, clock_domain,
    res_ns, shared,
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
      OVER (PARTITION BY resource_id ORDER BY ts_ns, tie, source_id, source_ord ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS n_taken,
    lag(kind) OVER there AS prev_kind, lag(session_id) OVER there AS prev_holder, lag(run_no) OVER there AS prev_run_no,
    lag(event_id) OVER there AS prev_event_id, lag(ts_ns) OVER there AS prev_ts_ns, lag(source_id) OVER there AS prev_source_id,
    lag(clock_domain) OVER there AS prev_clock_domain, lag(shared) OVER there AS prev_shared, lag(expires_ns) OVER there AS prev_expires_ns,
    lag(op_outcome) OVER there AS prev_outcome
  FROM happened WHERE op_outcome <> 'fail'
  WINDOW there AS (PARTITION BY resource_id ORDER BY ts_ns, tie, source_id, source_ord)
),
linked AS (
  SELECT *,
    lag(kind) OVER (PARTITION BY resource_id, session_id ORDER BY place) AS own_prev_kind,
    lag(n_taken) OVER (PARTITION BY resource_id, session_id ORDER BY place) AS own_prev_taken
  FROM placed
),
counted AS (
  SELECT *,
    count(CASE WHEN kind IN ('lock.acquire', 'lock.steal')
      AND (own_prev_kind IS NULL OR own_prev_kind IN ('lock.release', 'lock.expire')
        OR n_taken - CASE WHEN kind = 'lock.steal' THEN 1 ELSE 0 END > own_prev_taken) THEN 1 END)
      OVER (PARTITION BY resource_id, session_id ORDER BY place ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS hold_no
  FROM linked
)
SELECT *,
  min(place) OVER (PARTITION BY resource_id, session_id, hold_no) AS hold_place,
  max(expires_ns) OVER (PARTITION BY resource_id, session_id, hold_no) AS lease_end_ns
FROM counted
