-- lives: which sessions are there, each with a number of its own, and which are simple? `started`: a simple one has a start.
-- Simple is a life of one run: at most one start, before all else, and at most one end, after all else.
CREATE TABLE lives AS
SELECT session_id, session_no, n_starts = 1 AS started,
  n_starts <= 1 AND n_ends <= 1 AND coalesce(start_ns < then_ns, TRUE) AND coalesce(end_ns > before_ns, TRUE) AS simple
FROM (
  SELECT session_id, min(pos) AS session_no,
    count(CASE WHEN part = 'start' THEN 1 END) AS n_starts,
    count(CASE WHEN part = 'end' THEN 1 END) AS n_ends,
    min(CASE WHEN part = 'start' THEN ts_ns END) AS start_ns,
    min(CASE WHEN part <> 'start' THEN ts_ns END) AS then_ns,
    max(CASE WHEN part = 'end' THEN ts_ns END) AS end_ns,
    max(CASE WHEN part <> 'end' THEN ts_ns END) AS before_ns
  FROM kept GROUP BY session_id
) counted
