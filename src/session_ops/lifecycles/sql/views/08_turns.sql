-- turns: for each event of a session that is not simple, in which run is it, and what of starts and ends was told before?
-- A start after an end begins the next run. `prev_mark` is what the start or end before a start or an end was; `started` and `ended`: a start
-- or an end was told before; `closed`: no start was told since the last end.
CREATE TABLE turns AS
WITH winding AS (
  SELECT l.session_no, k.pos, k.ts_ns, k.part FROM kept k JOIN lives l ON l.session_id = k.session_id WHERE NOT l.simple
),
linked AS (
  SELECT session_no, ts_ns, pos, part, lag(part) OVER (PARTITION BY session_no ORDER BY ts_ns, pos) AS prev_mark
  FROM winding WHERE part <> 'other'
),
marks AS (
  SELECT session_no, part AS mark, prev_mark,
    row_number() OVER (PARTITION BY session_no ORDER BY ts_ns, pos) AS nth,
    1 + count(CASE WHEN part = 'start' AND prev_mark = 'end' THEN 1 END)
      OVER (PARTITION BY session_no ORDER BY ts_ns, pos ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS run_no,
    count(CASE WHEN part = 'start' THEN 1 END)
      OVER (PARTITION BY session_no ORDER BY ts_ns, pos ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) > 0 AS was_started,
    count(CASE WHEN part = 'end' THEN 1 END)
      OVER (PARTITION BY session_no ORDER BY ts_ns, pos ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) > 0 AS was_ended
  FROM linked
),
counted AS (
  SELECT *, count(CASE WHEN part <> 'other' THEN 1 END)
    OVER (PARTITION BY session_no ORDER BY ts_ns, pos ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS n_marks
  FROM winding
)
SELECT c.pos, coalesce(m.run_no, 1) AS run_no,
  CASE WHEN c.part <> 'other' THEN m.prev_mark END AS prev_mark,
  coalesce(m.was_started OR (c.part = 'other' AND m.mark = 'start'), FALSE) AS started,
  coalesce(m.was_ended OR (c.part = 'other' AND m.mark = 'end'), FALSE) AS ended,
  coalesce(m.mark = 'end' AND (c.part = 'other' OR m.prev_mark = 'end'), FALSE) AS closed
FROM counted c
LEFT JOIN marks m ON m.session_no = c.session_no AND m.nth = c.n_marks
