-- state_spans: in which state was each session, from when to when? The last span of an open session ends where it was last seen.
CREATE TABLE state_spans AS
WITH said AS (
  SELECT s.session_no, s.session_id, s.run_no, s.source_id, s.source_ord, s.place, s.ts_ns,
    CASE
      WHEN s.kind = 'session.register' THEN 'REGISTERED'
      WHEN s.kind IN ('session.start', 'session.resume') THEN 'ACTIVE'
      WHEN s.kind = 'session.state' AND s.to_state IN ('ACTIVE', 'IDLE', 'WAITING', 'PAUSED', 'HANDING_OVER') THEN s.to_state
      WHEN s.kind IN ('session.wait', 'lock.request') THEN 'WAITING'
      WHEN s.kind IN ('session.activity', 'lock.acquire', 'lock.steal', 'session.handoff_accept') THEN 'ACTIVE'
      WHEN s.kind = 'session.handoff_offer' THEN 'HANDING_OVER'
      WHEN s.kind = 'session.end' THEN 'ENDED'
      WHEN s.kind = 'session.crash' THEN 'CRASHED'
      WHEN s.kind = 'session.expire' THEN 'EXPIRED'
    END AS state
  FROM step_rows s
),
changes AS (
  SELECT *, lag(state) OVER (PARTITION BY session_no, run_no ORDER BY place) AS prev_state
  FROM said WHERE state IS NOT NULL
),
spans AS (
  SELECT *, lead(ts_ns) OVER (PARTITION BY session_no, run_no ORDER BY place) AS next_ns
  FROM changes WHERE prev_state IS NULL OR prev_state <> state
)
SELECT s.source_id, s.session_id, s.run_no, s.state, s.ts_ns AS from_ns, coalesce(s.next_ns, r.last_seen_ns) AS to_ns,
  s.next_ns IS NOT NULL AS to_known,
  s.source_id || ':' || CAST(s.source_ord AS VARCHAR) AS event_id
FROM spans s JOIN runs r ON r.session_id = s.session_id AND r.run_no = s.run_no
WHERE s.state NOT IN ('ENDED', 'CRASHED', 'EXPIRED')
