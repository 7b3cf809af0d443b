-- marks: the starts and ends of each session in order (`nth`), what the one before was, and in which run each is: a start after an end
-- begins the next one. `was_started` and `was_ended`: a start or an end was told before.
CREATE TABLE marks AS
WITH linked AS (
  SELECT session_id, ts_ns, source_id, source_ord, part,
    lag(part) OVER (PARTITION BY session_id ORDER BY ts_ns, source_id, source_ord) AS prev_mark
  FROM kept WHERE part <> 'other'
)
SELECT session_id, part AS mark, prev_mark,
  row_number() OVER (PARTITION BY session_id ORDER BY ts_ns, source_id, source_ord) AS nth,
  1 + count(CASE WHEN part = 'start' AND prev_mark = 'end' THEN 1 END)
    OVER (PARTITION BY session_id ORDER BY ts_ns, source_id, source_ord ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS run_no,
  count(CASE WHEN part = 'start' THEN 1 END)
    OVER (PARTITION BY session_id ORDER BY ts_ns, source_id, source_ord ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) > 0 AS was_started,
  count(CASE WHEN part = 'end' THEN 1 END)
    OVER (PARTITION BY session_id ORDER BY ts_ns, source_id, source_ord ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) > 0 AS was_ended
FROM linked
