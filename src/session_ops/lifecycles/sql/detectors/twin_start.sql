-- twin_start: one agent was started twice within seconds in one workspace, and one of the two sessions never did anything.
-- severity: gap
-- confidence: likely. Possible only where no workspace is logged.
-- blind: agents without a name; logs that record no activity at all; registries, which show no activity.
-- needs: agents; no start in these logs says which agent it is
-- needs: session.activity, session.heartbeat; the logs hold no activity, so an idle twin looks like any other session
-- text: {session_id} and {prev_session_id} of {agent_id} started within {apart_ns:span}, and {idle} never did anything
WITH told AS (
  SELECT *,
    lag(session_id) OVER (PARTITION BY agent_id, workspace ORDER BY ts_ns, event_id) AS prev_session_id,
    lag(run_no) OVER (PARTITION BY agent_id, workspace ORDER BY ts_ns, event_id) AS prev_run_no,
    lag(event_id) OVER (PARTITION BY agent_id, workspace ORDER BY ts_ns, event_id) AS prev_event_id,
    lag(ts_ns) OVER (PARTITION BY agent_id, workspace ORDER BY ts_ns, event_id) AS prev_ns
  FROM starts WHERE agent_id IS NOT NULL AND role = 'log' AND kind <> 'session.resume'
),
near AS (
  SELECT t.* FROM told t CROSS JOIN settings p
  WHERE t.prev_session_id <> t.session_id AND t.ts_ns - t.prev_ns < p.twin_ns
),
done AS (
  SELECT session_id, run_no, count(CASE WHEN part = 'other' AND kind <> 'note' THEN 1 END) AS n_done FROM steps
  WHERE session_id IN (SELECT session_id FROM near) OR session_id IN (SELECT prev_session_id FROM near)
  GROUP BY session_id, run_no
)
SELECT n.source_id, n.session_id, NULL AS resource_id, n.ts_ns, n.event_id, n.prev_event_id, n.prev_session_id, n.agent_id,
  n.ts_ns - n.prev_ns AS apart_ns, CASE WHEN b.n_done = 0 THEN n.session_id ELSE n.prev_session_id END AS idle,
  CASE WHEN n.workspace = '' THEN 'possible' ELSE 'likely' END AS confidence
FROM near n
JOIN done b ON b.session_id = n.session_id AND b.run_no = n.run_no
JOIN done a ON a.session_id = n.prev_session_id AND a.run_no = n.prev_run_no
WHERE (b.n_done = 0 AND a.n_done > 0) OR (b.n_done > 0 AND a.n_done = 0)
