-- steps: which events tell a session's life, in order, and which run of the session does each belong to?
-- A fact that several sources tell counts once: the log's own word before the registry's, and that before the diary's.
-- A start after an end begins the next run.
CREATE TABLE steps AS
WITH told AS (
  SELECT e.event_id, e.source_id, e.source_ord, e.source_line, e.format_id, e.ts_ns, e.session_id, e.agent_id, e.host, e.pid,
    e.kind, e.to_state, e.end_reason, e.resource_id, e.op_outcome, e.parent_session_id, e.previous_session_id,
    s.stream, s.role, s.ids_reused,
    CASE s.role WHEN 'log' THEN 1 WHEN 'registry' THEN 2 ELSE 3 END AS word,
    CASE
      WHEN e.kind IN ('session.end', 'session.crash', 'session.expire') THEN 'end'
      WHEN e.kind IN ('session.start', 'session.register', 'session.resume') THEN 'start'
      ELSE 'other'
    END AS part
  FROM events e JOIN sources s ON s.source_id = e.source_id
  WHERE e.session_id IS NOT NULL AND e.ts_ns IS NOT NULL
),
best AS (
  SELECT session_id, part, min(word) AS word FROM told GROUP BY session_id, part
),
placed AS (
  SELECT t.*, row_number() OVER (PARTITION BY t.session_id ORDER BY t.ts_ns, t.source_id, t.source_ord) AS place
  FROM told t JOIN best b ON b.session_id = t.session_id AND b.part = t.part AND b.word = t.word
),
before AS (
  SELECT *,
    lag(ts_ns) OVER (PARTITION BY session_id ORDER BY place) AS prev_ts_ns,
    lag(event_id) OVER (PARTITION BY session_id ORDER BY place) AS prev_event_id,
    max(CASE WHEN part = 'end' THEN place END)
      OVER (PARTITION BY session_id ORDER BY place ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS end_place,
    max(CASE WHEN part = 'start' THEN place END)
      OVER (PARTITION BY session_id ORDER BY place ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS start_place
  FROM placed
)
SELECT *,
  CAST(1 + sum(CASE WHEN part = 'start' AND end_place > coalesce(start_place, 0) THEN 1 ELSE 0 END)
    OVER (PARTITION BY session_id ORDER BY place ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS BIGINT) AS run_no
FROM before
