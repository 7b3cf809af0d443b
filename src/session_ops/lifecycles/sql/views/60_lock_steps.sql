-- lock_steps: what happened to each resource, in order, and what had happened to it before?
CREATE TABLE lock_steps AS
WITH placed AS (
  SELECT resource_id, session_id, run_no, source_id, source_ord, event_id, ts_ns, kind, op_outcome, stream,
    row_number() OVER (PARTITION BY resource_id ORDER BY ts_ns, source_id, source_ord) AS place
  FROM steps
  WHERE resource_id IS NOT NULL AND coalesce(op_outcome, 'ok') <> 'fail'
    AND kind IN ('lock.acquire', 'lock.renew', 'lock.steal', 'lock.release', 'lock.expire')
)
SELECT *,
  lag(kind) OVER (PARTITION BY resource_id ORDER BY place) AS prev_kind,
  lag(session_id) OVER (PARTITION BY resource_id ORDER BY place) AS prev_holder,
  lag(event_id) OVER (PARTITION BY resource_id ORDER BY place) AS prev_event_id
FROM placed
