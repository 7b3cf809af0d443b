-- step_rows: the events of each session in order, sorted once for all that follows. `started` and `ended`: a start or an end of the session
-- was told before; `closed`: no start
-- was told since the last end; `prev_beat_ns` is the heartbeat before; `prev_mark` is what the start or end before a start or an end was.
CREATE TABLE step_rows AS
SELECT k.*, m.prev_mark,
  row_number() OVER w AS place,
  lag(k.ts_ns) OVER w AS prev_ts_ns,
  lag(k.source_id) OVER w AS prev_source_id,
  lag(k.source_ord) OVER w AS prev_source_ord,
  max(CASE WHEN k.kind = 'session.heartbeat' THEN k.ts_ns END) OVER before AS prev_beat_ns,
  coalesce(max(CASE WHEN k.part = 'start' THEN 1 END) OVER before, 0) = 1 AS started,
  coalesce(max(CASE WHEN k.part = 'end' THEN 1 END) OVER before, 0) = 1 AS ended,
  count(CASE WHEN m.part = 'end' AND coalesce(m.prev_mark, 'start') = 'start' THEN 1 END) OVER before
    > count(CASE WHEN m.part = 'start' AND m.prev_mark = 'end' THEN 1 END) OVER till AS closed,
  1 + count(CASE WHEN m.part = 'start' AND m.prev_mark = 'end' THEN 1 END) OVER till AS run_no
FROM kept k
LEFT JOIN marks m ON m.source_id = k.source_id AND m.source_ord = k.source_ord
WINDOW w AS (PARTITION BY k.session_id ORDER BY k.ts_ns, k.source_id, k.source_ord),
  before AS (PARTITION BY k.session_id ORDER BY k.ts_ns, k.source_id, k.source_ord ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING),
  till AS (PARTITION BY k.session_id ORDER BY k.ts_ns, k.source_id, k.source_ord ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)
