-- crash_loop: one agent was started again and again within minutes, and its runs were short and mostly did not end well.
-- severity: critical
-- confidence: likely. Many short jobs look the same, unless they end cleanly.
-- blind: agents without a name; loops slower than the limit; streams that do not log ends, unless one session is resumed again and again.
-- needs: agents; no start in these logs says which agent it is
-- text: {agent_id} was started {n} times within {within_ns:span}, its median run was {median_ns:span}
WITH told AS (
  SELECT s.*, p.loop_ns,
    row_number() OVER (PARTITION BY s.agent_id, s.workspace ORDER BY s.ts_ns, s.session_id, s.run_no, s.event_id) AS nth,
    row_number() OVER (PARTITION BY s.agent_id, s.workspace ORDER BY s.ts_ns, s.session_id, s.run_no, s.event_id) + p.loop_starts - 1 AS last_nth,
    coalesce(s.end_ns, s.last_seen_ns) - s.ts_ns AS run_ns,
    CASE WHEN s.run_no > 1 OR (t.logs_end AND coalesce(s.end_kind, 'none') <> 'session.end') THEN 1 ELSE 0 END AS unclean
  FROM starts s JOIN streams t ON t.stream = s.stream CROSS JOIN settings p
  WHERE s.agent_id IS NOT NULL AND s.kind <> 'session.register'
),
windows AS (
  SELECT a.agent_id, a.workspace, a.nth AS from_nth, b.nth AS to_nth,
    max(b.nth) OVER (PARTITION BY a.agent_id, a.workspace ORDER BY a.nth ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS before_nth
  FROM told a
  JOIN told b ON b.agent_id = a.agent_id AND b.workspace = a.workspace AND b.nth = a.last_nth
  WHERE b.ts_ns - a.ts_ns <= a.loop_ns
),
islands AS (
  SELECT *, sum(CASE WHEN before_nth IS NULL OR from_nth > before_nth THEN 1 ELSE 0 END)
    OVER (PARTITION BY agent_id, workspace ORDER BY from_nth ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS island
  FROM windows
),
loops AS (
  SELECT agent_id, workspace, island, min(from_nth) AS from_nth, max(to_nth) AS to_nth FROM islands GROUP BY agent_id, workspace, island
)
SELECT min_by(t.source_id, t.nth) AS source_id, max_by(t.session_id, t.nth) AS session_id, NULL AS resource_id, max(t.ts_ns) AS ts_ns,
  max_by(t.event_id, t.nth) AS event_id, min_by(t.event_id, t.nth) AS prev_event_id, t.agent_id, count(*) AS n,
  max(t.ts_ns) - min(t.ts_ns) AS within_ns, median(t.run_ns) AS median_ns
FROM loops l
CROSS JOIN settings p
JOIN told t ON t.agent_id = l.agent_id AND t.workspace = l.workspace AND t.nth BETWEEN l.from_nth AND l.to_nth
GROUP BY t.agent_id, t.workspace, l.island, p.loop_run_ns
HAVING median(t.run_ns) < p.loop_run_ns AND sum(t.unclean) * 2 >= count(*)
