-- step_rows: the events of each session in order, sorted once for all that follows, with few columns: the others are in `events`.
-- `started` and `ended`: a start or an end of the session was told before; `closed`: no start was told since the last end;
-- `prev_beat_ns` is the heartbeat before; `prev_mark` is what the start or end before a start or an end was.
CREATE TABLE step_rows AS
WITH placed AS (
  SELECT k.source_id, k.source_ord, k.ts_ns, k.session_id, k.agent_id, k.host, k.pid, k.kind, k.to_state,
    row_number() OVER w AS place,
    lag(k.ts_ns) OVER w AS prev_ts_ns,
    max(CASE WHEN k.kind = 'session.heartbeat' THEN k.ts_ns END) OVER before AS prev_beat_ns,
    count(CASE WHEN k.part <> 'other' THEN 1 END) OVER till AS n_marks
  FROM kept k
  WINDOW w AS (PARTITION BY k.session_id ORDER BY k.ts_ns, k.source_id, k.source_ord),
    before AS (PARTITION BY k.session_id ORDER BY k.ts_ns, k.source_id, k.source_ord ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING),
    till AS (PARTITION BY k.session_id ORDER BY k.ts_ns, k.source_id, k.source_ord ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)
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
SELECT p.source_id, p.source_ord, p.ts_ns, p.session_id, p.agent_id, p.host, p.pid, p.kind, p.to_state, p.part, p.place, p.prev_ts_ns,
  p.prev_beat_ns, coalesce(m.run_no, 1) AS run_no,
  CASE WHEN p.part <> 'other' THEN m.prev_mark END AS prev_mark,
  coalesce(m.was_started OR (p.part = 'other' AND m.mark = 'start'), FALSE) AS started,
  coalesce(m.was_ended OR (p.part = 'other' AND m.mark = 'end'), FALSE) AS ended,
  coalesce(m.mark = 'end' AND (p.part = 'other' OR m.prev_mark = 'end'), FALSE) AS closed
FROM parts p
LEFT JOIN marks m ON m.session_id = p.session_id AND m.nth = p.n_marks
