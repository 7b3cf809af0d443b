-- beat_gap: a session whose heartbeats stopped for long and then went on.
-- severity: gap
-- confidence: likely. A gap of more than three intervals where the format declares one, else of more than six usual gaps. Possible where the session was at work in the gap (other events); proven where it held a lock all the while.
-- blind: sessions with fewer than 3 heartbeats, unless the format declares their interval; a final silence is not a gap (see orphan).
-- needs: session.heartbeat
-- text: {session_id} sent no heartbeat for {gap_ns:span}; {basis} is {usual_ns:span}
WITH parts AS (
  SELECT DISTINCT session_id, ts_ns // (p.silent_ns // 2) AS part FROM step_rows CROSS JOIN settings p WHERE kind = 'session.heartbeat'
),
late AS (
  SELECT DISTINCT coalesce(agent_id, '') AS agent FROM step_rows
  WHERE kind = 'session.heartbeat' AND session_id IN (SELECT session_id FROM parts GROUP BY session_id HAVING max(part) - min(part) >= count(*))
),
beats AS (
  SELECT session_id, run_no, agent_id, source_id, ts_ns, min(event_id) AS event_id
  FROM steps
  WHERE kind = 'session.heartbeat' AND NOT closed AND session_id IN (
    SELECT session_id FROM step_rows WHERE kind = 'session.heartbeat' AND coalesce(agent_id, '') IN (SELECT agent FROM late)
  )
  GROUP BY session_id, run_no, agent_id, source_id, ts_ns
),
gaps AS (
  SELECT *, ts_ns - lag(ts_ns) OVER (PARTITION BY session_id, run_no ORDER BY ts_ns, event_id) AS gap_ns,
    lag(event_id) OVER (PARTITION BY session_id, run_no ORDER BY ts_ns, event_id) AS prev_event_id,
    lag(ts_ns) OVER (PARTITION BY session_id, run_no ORDER BY ts_ns, event_id) AS prev_ns
  FROM beats
),
of_source AS (
  SELECT agent_id, ts_ns - lag(ts_ns) OVER (PARTITION BY source_id, session_id, run_no ORDER BY ts_ns, event_id) AS gap_ns, source_id FROM beats
),
usual AS (
  SELECT agent_id, max(usual_ns) AS usual_ns, max(n) AS n
  FROM (
    SELECT agent_id, source_id, CAST(floor(median(gap_ns)) AS BIGINT) AS usual_ns, count(gap_ns) AS n
    FROM of_source WHERE gap_ns > 0 GROUP BY agent_id, source_id
  ) by_source
  WHERE n >= 2
  GROUP BY agent_id
),
long_gaps AS (
  SELECT g.*, coalesce(o.beat_ns, u.usual_ns) AS usual_ns,
    CASE WHEN o.beat_ns IS NULL THEN 'its agent''s usual gap' ELSE 'the declared interval' END AS basis
  FROM gaps g
  JOIN sources o ON o.source_id = g.source_id
  LEFT JOIN usual u ON coalesce(u.agent_id, '') = coalesce(g.agent_id, '')
  CROSS JOIN settings p
  WHERE g.gap_ns > p.silent_ns AND g.gap_ns > coalesce(3 * o.beat_ns, 6 * u.usual_ns)
)
SELECT g.source_id, g.session_id, NULL AS resource_id, g.ts_ns, g.event_id, g.prev_event_id, g.gap_ns, g.usual_ns, g.basis,
  CASE WHEN count(s.event_id) > 0 THEN 'possible' WHEN count(h.event_id) > 0 THEN 'proven' ELSE 'likely' END AS confidence
FROM long_gaps g
LEFT JOIN steps s ON s.session_id = g.session_id AND s.kind <> 'session.heartbeat' AND s.ts_ns > g.prev_ns AND s.ts_ns < g.ts_ns
LEFT JOIN holds h ON h.holder = g.session_id AND h.possible_from <= g.prev_ns AND h.possible_to >= g.ts_ns
GROUP BY g.source_id, g.session_id, g.ts_ns, g.event_id, g.prev_event_id, g.gap_ns, g.usual_ns, g.basis
