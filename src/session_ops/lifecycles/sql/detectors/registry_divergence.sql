-- registry_divergence: the registry and the logs tell different things of a session: an update of one of them was lost.
-- severity: gap
-- confidence: likely. Possible where one of the two lacks the session altogether, since it may have been pruned or cut.
-- blind: what happened after the latest time that the registry holds; registries and logs that share fewer than half of their sessions.
-- needs: registry; there is no registry beside the logs
-- needs: log; there is no log beside the registry
-- text: {session_id}: {what}
WITH both_known AS (
  SELECT n.*, g.stream, g.start_ns AS log_start_ns, g.end_ns AS log_end_ns, g.end_event_id, g.last_event_id, g.last_ns AS log_last_ns, g.n_activity,
    t.logs_end, t.log_end_ns AS stream_end_ns
  FROM registered n
  JOIN logged g ON g.session_id = n.session_id
  JOIN streams t ON t.stream = g.stream
),
shared AS (
  SELECT source_id, stream, count(*) AS n_shared, count(log_start_ns) AS n_started FROM both_known GROUP BY source_id, stream
),
reach AS (
  SELECT h.source_id, sum(h.n_shared) AS n_shared, sum(h.n_started) AS n_started, min(l.first_ns) AS first_ns, max(l.last_ns) AS last_ns
  FROM shared h
  JOIN (SELECT stream, min(first_ns) AS first_ns, max(last_ns) AS last_ns FROM sources WHERE role = 'log' GROUP BY stream) l ON l.stream = h.stream
  GROUP BY h.source_id
),
counted AS (
  SELECT n.source_id, n.session_id, n.start_ns, g.last_ns, g.last_event_id, n.stored_events, coalesce(g.n_activity, 0) AS n_activity
  FROM registered n
  JOIN reach h ON h.source_id = n.source_id
  LEFT JOIN logged g ON g.session_id = n.session_id
  WHERE n.stored_events IS NOT NULL AND h.n_shared >= 3
),
agreeing AS (
  SELECT source_id, count(*) AS n, count(CASE WHEN stored_events = n_activity THEN 1 END) AS n_equal FROM counted GROUP BY source_id
),
of_registry AS (
  SELECT e.source_id, e.session_id, min_by(e.event_id, e.source_ord) AS event_id
  FROM events e JOIN sources s ON s.source_id = e.source_id WHERE s.role = 'registry' GROUP BY e.source_id, e.session_id
),
told AS (
  SELECT source_id, session_id, log_end_ns AS ts_ns, end_event_id AS event_id,
    'the log says that it ended, the registry, which knows of later things, still has it as ' || lower(coalesce(state, 'open')) AS what,
    'likely' AS confidence
  FROM both_known
  WHERE live AND log_end_ns >= coalesce(log_start_ns, log_end_ns) AND log_end_ns <= now_ns
  UNION ALL
  SELECT source_id, session_id, end_ns AS ts_ns, last_event_id AS event_id,
    'the registry says that it ended, the log, which goes on after that, holds no end' AS what, 'likely' AS confidence
  FROM both_known
  WHERE end_ns IS NOT NULL AND log_end_ns IS NULL AND log_start_ns IS NOT NULL AND logs_end AND stream_end_ns > end_ns
  UNION ALL
  SELECT c.source_id, c.session_id, coalesce(c.last_ns, c.start_ns) AS ts_ns, coalesce(c.last_event_id, e.event_id) AS event_id,
    'the registry counts ' || CAST(c.stored_events AS VARCHAR) || ' events, the log holds ' || CAST(c.n_activity AS VARCHAR) AS what,
    'likely' AS confidence
  FROM counted c
  JOIN agreeing a ON a.source_id = c.source_id
  LEFT JOIN of_registry e ON e.source_id = c.source_id AND e.session_id = c.session_id
  WHERE c.stored_events <> c.n_activity AND a.n_equal * 2 >= a.n
  UNION ALL
  SELECT r.source_id, r.session_id, r.start_ns AS ts_ns, r.first_event_id AS event_id,
    'the log holds its start, the registry does not know it' AS what, 'possible' AS confidence
  FROM (
    SELECT source_id, min(now_ns) AS now_ns, min(from_ns) AS from_ns, min(n_sessions) AS n_sessions, min(n_ended) AS n_ended
    FROM registered GROUP BY source_id
  ) a
  JOIN shared h ON h.source_id = a.source_id
  JOIN runs r ON r.stream = h.stream
  JOIN sources o ON o.source_id = r.source_id
  JOIN streams t ON t.stream = r.stream
  LEFT JOIN registered n ON n.session_id = r.session_id AND n.source_id = a.source_id
  WHERE o.role = 'log' AND r.run_no = 1 AND r.start_known AND n.session_id IS NULL AND h.n_shared >= 3 AND h.n_shared * 2 >= t.n_sessions
    AND r.start_ns >= a.from_ns AND r.start_ns < a.now_ns AND (r.end_ns IS NULL OR a.n_ended * 2 >= a.n_sessions)
  UNION ALL
  SELECT n.source_id, n.session_id, n.start_ns AS ts_ns, e.event_id,
    'the registry holds it, the log of that time does not' AS what, 'possible' AS confidence
  FROM registered n
  JOIN reach h ON h.source_id = n.source_id
  LEFT JOIN logged g ON g.session_id = n.session_id
  LEFT JOIN of_registry e ON e.source_id = n.source_id AND e.session_id = n.session_id
  WHERE g.session_id IS NULL AND n.start_ns > h.first_ns AND n.start_ns < h.last_ns AND h.n_shared >= 3
    AND h.n_started * 2 >= h.n_shared AND h.n_shared * 2 >= n.n_sessions
)
SELECT source_id, session_id, NULL AS resource_id, ts_ns, event_id, what, confidence FROM told
