-- step_rows: the events of each session in order, sorted once for all that follows, with few columns: the others are in `events`.
-- `session_no` is a number for the session. For the last four columns see `turns`; in a simple life they are known without looking.
CREATE TABLE step_rows AS
WITH placed AS (
  SELECT l.session_no, k.pos, k.ts_ns, k.agent_id, k.kind, k.to_state,
    row_number() OVER (PARTITION BY l.session_no ORDER BY k.ts_ns, k.pos) AS place,
    lag(k.ts_ns) OVER (PARTITION BY l.session_no ORDER BY k.ts_ns, k.pos) AS prev_ts_ns
  FROM kept k JOIN lives l ON l.session_id = k.session_id
),
parts AS (
  SELECT *,
    CASE
      WHEN kind IN ('session.end', 'session.crash', 'session.expire') THEN 'end'
      WHEN kind IN ('session.start', 'session.register', 'session.resume') THEN 'start'
      ELSE 'other'
    END AS part
  FROM placed
)
SELECT n.source_id, p.pos - n.base AS source_ord, p.ts_ns, p.session_no, l.session_id, p.agent_id, p.kind, p.to_state, p.part, p.place, p.prev_ts_ns,
  coalesce(t.run_no, 1) AS run_no,
  CASE WHEN NOT l.simple THEN t.prev_mark WHEN p.part = 'end' AND l.started THEN 'start' END AS prev_mark,
  coalesce(t.started, l.started AND p.part <> 'start') AS started,
  coalesce(t.ended, FALSE) AS ended,
  coalesce(t.closed, FALSE) AS closed
FROM parts p
JOIN lives l ON l.session_no = p.session_no
JOIN source_numbers n ON n.base = p.pos - p.pos % 1099511627776
LEFT JOIN turns t ON t.pos = p.pos
