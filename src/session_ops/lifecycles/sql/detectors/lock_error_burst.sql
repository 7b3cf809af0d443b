-- lock_error_burst: errors of a locked database, a git index or a file that exists came in a burst: several writers got in each other's way.
-- severity: gap
-- confidence: likely. Possible where only one session was seen in that time.
-- blind: errors in other words; messages that are not logged.
-- needs: messages; the logs hold no messages
-- text: {n} lock errors within {within_ns:span}, while {sessions} sessions were at work: {sample}
WITH errors AS (
  SELECT e.source_id, e.source_ord, e.session_id, e.ts_ns, e.event_id, e.message
  FROM events e
  WHERE e.message IS NOT NULL AND e.ts_ns IS NOT NULL
    AND (lower(e.message) LIKE '%database is locked%' OR lower(e.message) LIKE '%sqlite_busy%' OR lower(e.message) LIKE '%database table is locked%'
      OR lower(e.message) LIKE '%index.lock%exist%' OR lower(e.message) LIKE '%unable to create%.lock%' OR e.message LIKE '%EEXIST%'
      OR lower(e.message) LIKE '%resource busy%' OR lower(e.message) LIKE '%resource temporarily unavailable%')
),
placed AS (
  SELECT e.*, p.burst_ns, row_number() OVER (PARTITION BY e.source_id ORDER BY e.ts_ns, e.source_ord) AS nth,
    row_number() OVER (PARTITION BY e.source_id ORDER BY e.ts_ns, e.source_ord) + p.burst_errors - 1 AS last_nth
  FROM errors e CROSS JOIN settings p
),
windows AS (
  SELECT a.source_id, a.nth AS from_nth, b.nth AS to_nth,
    max(b.nth) OVER (PARTITION BY a.source_id ORDER BY a.nth ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS before_nth
  FROM placed a
  JOIN placed b ON b.source_id = a.source_id AND b.nth = a.last_nth
  WHERE b.ts_ns - a.ts_ns <= a.burst_ns
),
islands AS (
  SELECT *, sum(CASE WHEN before_nth IS NULL OR from_nth > before_nth THEN 1 ELSE 0 END)
    OVER (PARTITION BY source_id ORDER BY from_nth ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS island
  FROM windows
),
bursts AS (
  SELECT t.source_id, i.island, min(t.ts_ns) AS from_ns, max(t.ts_ns) AS to_ns, min_by(t.event_id, t.nth) AS prev_event_id,
    max_by(t.event_id, t.nth) AS event_id, count(DISTINCT t.nth) AS n, min_by(t.message, t.nth) AS message
  FROM islands i JOIN placed t ON t.source_id = i.source_id AND t.nth BETWEEN i.from_nth AND i.to_nth
  GROUP BY t.source_id, i.island
),
busy AS (
  SELECT b.source_id, b.island, count(DISTINCT r.session_id) AS sessions
  FROM bursts b JOIN runs r ON r.start_ns <= b.to_ns AND coalesce(r.end_ns, r.last_seen_ns) >= b.from_ns
  GROUP BY b.source_id, b.island
)
SELECT b.source_id, NULL AS session_id, NULL AS resource_id, b.from_ns AS ts_ns, b.event_id, b.prev_event_id, b.n, b.to_ns - b.from_ns AS within_ns,
  coalesce(y.sessions, 0) AS sessions, substr(b.message, 1, 80) AS sample,
  CASE WHEN coalesce(y.sessions, 0) >= 2 THEN 'likely' ELSE 'possible' END AS confidence
FROM bursts b LEFT JOIN busy y ON y.source_id = b.source_id AND y.island = b.island
