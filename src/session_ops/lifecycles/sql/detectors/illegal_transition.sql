-- illegal_transition: a session changed its state in a way that the model does not know, or ended without having started.
-- severity: gap
-- confidence: likely. Possible only where the log may have begun after the session's start.
-- blind: states that are not logged; a step over ACTIVE, which few trackers write down, is taken as legal unless the record names both states.
-- needs: session.state, session.wait, session.handoff_offer, session.end, session.crash, session.expire, session.resume; the logs hold no states
-- text: {session_id} went from {from_state} to {to_state}
WITH said AS (
  SELECT s.session_id, s.run_no, s.source_id, s.format_id, s.event_id, s.place, s.ts_ns, s.part, s.ids_reused,
    CASE
      WHEN s.kind = 'session.register' AND NOT s.started THEN 'REGISTERED'
      WHEN s.kind IN ('session.start', 'session.resume') THEN 'ACTIVE'
      WHEN s.kind = 'session.state' AND s.to_state IN ('REGISTERED', 'ACTIVE', 'IDLE', 'WAITING', 'PAUSED', 'HANDING_OVER') THEN s.to_state
      WHEN s.kind = 'session.wait' THEN 'WAITING'
      WHEN s.kind = 'session.handoff_offer' THEN 'HANDING_OVER'
      WHEN s.kind = 'session.end' THEN 'ENDED'
      WHEN s.kind = 'session.crash' THEN 'CRASHED'
      WHEN s.kind = 'session.expire' THEN 'EXPIRED'
    END AS state
  FROM steps s
),
changes AS (
  SELECT *, lag(state) OVER (PARTITION BY session_id ORDER BY place) AS prev_state,
    lag(event_id) OVER (PARTITION BY session_id ORDER BY place) AS prev_event_id
  FROM said WHERE state IS NOT NULL
),
pairs AS (
  SELECT c.source_id, c.format_id, c.session_id, c.ts_ns, c.event_id, c.prev_event_id, c.prev_state AS from_state, c.state AS to_state, TRUE AS bridged
  FROM changes c
  WHERE c.prev_state <> c.state
    AND (c.prev_state NOT IN ('ENDED', 'CRASHED', 'EXPIRED') OR c.part = 'end' OR (c.prev_state = 'EXPIRED' AND c.part = 'start' AND NOT c.ids_reused))
  UNION ALL
  SELECT e.source_id, e.format_id, e.session_id, e.ts_ns, e.event_id, NULL AS prev_event_id, e.from_state, e.to_state, FALSE AS bridged
  FROM events e
  WHERE e.from_state IN ('REGISTERED', 'ACTIVE', 'IDLE', 'WAITING', 'PAUSED', 'HANDING_OVER', 'ENDED', 'CRASHED', 'EXPIRED')
    AND e.to_state IN ('REGISTERED', 'ACTIVE', 'IDLE', 'WAITING', 'PAUSED', 'HANDING_OVER', 'ENDED', 'CRASHED', 'EXPIRED')
    AND e.from_state <> e.to_state AND e.session_id IS NOT NULL AND e.ts_ns IS NOT NULL
),
judged AS (
  SELECT p.source_id, p.session_id, p.ts_ns, p.event_id, p.prev_event_id, p.from_state, p.to_state, p.bridged,
    max(CASE WHEN t.from_state = p.from_state AND t.to_state = p.to_state THEN 1 ELSE 0 END) AS direct,
    max(CASE WHEN t.from_state = p.from_state AND t.to_state = 'ACTIVE' AND p.from_state NOT IN ('ENDED', 'CRASHED') THEN 1 ELSE 0 END) AS to_active,
    max(CASE WHEN t.from_state = 'ACTIVE' AND t.to_state = p.to_state THEN 1 ELSE 0 END) AS from_active
  FROM pairs p
  LEFT JOIN transitions t ON (t.format_id IS NULL OR t.format_id = p.format_id) AND (t.from_state = p.from_state OR t.from_state = 'ACTIVE')
  GROUP BY p.source_id, p.session_id, p.ts_ns, p.event_id, p.prev_event_id, p.from_state, p.to_state, p.bridged
),
illegal AS (
  SELECT source_id, session_id, ts_ns, event_id, max(prev_event_id) AS prev_event_id, from_state, to_state
  FROM judged WHERE direct = 0 AND NOT (bridged AND to_active = 1 AND from_active = 1)
  GROUP BY source_id, session_id, ts_ns, event_id, from_state, to_state
)
SELECT source_id, session_id, NULL AS resource_id, ts_ns, event_id, prev_event_id, from_state, to_state, 'likely' AS confidence
FROM illegal
UNION ALL
SELECT r.source_id, r.session_id, NULL AS resource_id, r.end_ns AS ts_ns, r.end_event_id AS event_id, r.first_event_id AS prev_event_id,
  'NONE' AS from_state, 'ENDED' AS to_state,
  CASE WHEN r.start_ns - b.first_ns > p.orphan_ns THEN 'likely' ELSE 'possible' END AS confidence
FROM runs r
JOIN sources o ON o.source_id = r.source_id
JOIN (
  SELECT stream, min(start_ns) AS first_ns, count(*) AS n_runs, count(CASE WHEN start_known THEN 1 END) AS n_started
  FROM runs GROUP BY stream
) b ON b.stream = r.stream
CROSS JOIN settings p
WHERE r.end_ns IS NOT NULL AND NOT r.start_known AND r.run_no = 1
  AND coalesce(o.completeness, 'complete') = 'complete' AND b.n_started * 10 >= b.n_runs * 9
