-- registry_ghost: the registry still has a session as live that nobody has seen for long.
-- severity: gap
-- confidence: likely. A very long silent step looks the same.
-- blind: registries that never record an end (said by source_never_ends) or that hold beats and no states; whether the process or the work tree still exists, which only the machine where it ran can tell.
-- needs: registry; there is no registry of sessions
-- needs: ends; the logs never say that a session ended
-- text: the registry has {session_id} as {state}, but it was last seen {last_ns:time}, {silent_ns:span} before the registry and the logs end
WITH seen AS (
  SELECT n.source_id, n.session_id, lower(coalesce(n.state, 'open')) AS state, g.last_event_id,
    greatest(n.last_ns, coalesce(g.last_ns, n.last_ns)) AS last_ns,
    max(greatest(n.now_ns, coalesce(t.log_end_ns, n.now_ns))) OVER (PARTITION BY n.source_id) AS now_ns, n.live,
    n.state IS NOT NULL OR n.n_ended > 0 AS says_state
  FROM registered n
  LEFT JOIN logged g ON g.session_id = n.session_id
  LEFT JOIN streams t ON t.stream = g.stream
)
SELECT s.source_id, s.session_id, NULL AS resource_id, s.last_ns AS ts_ns, e.event_id, s.last_event_id AS prev_event_id, s.state, s.last_ns,
  s.now_ns - s.last_ns AS silent_ns
FROM seen s
JOIN sources o ON o.source_id = s.source_id
JOIN streams t ON t.stream = o.stream
JOIN (
  SELECT v.source_id, v.session_id, max_by(v.event_id, v.source_ord) AS event_id
  FROM events v JOIN registered n ON n.source_id = v.source_id AND n.session_id = v.session_id GROUP BY v.source_id, v.session_id
) e ON e.source_id = s.source_id AND e.session_id = s.session_id
CROSS JOIN settings p
WHERE s.live AND s.says_state AND t.logs_end AND s.now_ns - s.last_ns > p.orphan_ns
