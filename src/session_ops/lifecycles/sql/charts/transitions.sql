-- transitions: how often does each state follow each other one? What a detector found illegal is counted apart.
-- A run begins in (begin), or in the state in which the run before it ended; a run without an end leads to (no end seen).
WITH ends AS (
  SELECT session_id, run_no, start_ns,
    CASE end_kind WHEN 'session.end' THEN 'ENDED' WHEN 'session.crash' THEN 'CRASHED' WHEN 'session.expire' THEN 'EXPIRED'
      ELSE CASE WHEN status = 'SUPERSEDED' THEN 'SUPERSEDED' ELSE '(no end seen)' END END AS state
  FROM sessions
),
visits AS (
  SELECT session_id, run_no, 0 AS part, start_ns AS at_ns, CASE WHEN before = '(no end seen)' OR before IS NULL THEN '(begin)' ELSE before END AS state
  FROM (SELECT *, lag(state) OVER (PARTITION BY session_id ORDER BY run_no) AS before FROM ends) begun
  UNION ALL SELECT session_id, run_no, 1, from_ns, state FROM state_spans
  UNION ALL SELECT session_id, run_no, 2, NULL, state FROM ends
),
pairs AS (
  SELECT state AS from_state, lead(state) OVER (PARTITION BY session_id, run_no ORDER BY part, at_ns) AS to_state FROM visits
),
counted AS (
  SELECT from_state, to_state, count(*) AS n FROM pairs WHERE to_state IS NOT NULL AND to_state <> from_state GROUP BY ALL
),
illegal AS (
  SELECT CASE WHEN from_state = 'NONE' THEN '(begin)' ELSE from_state END AS from_state, to_state, count(*) AS n
  FROM (
    SELECT regexp_extract(text, ' went from ([A-Z_]+) to ([A-Z_]+)$', 1) AS from_state,
      regexp_extract(text, ' went from ([A-Z_]+) to ([A-Z_]+)$', 2) AS to_state
    FROM anomalies WHERE detector = 'illegal_transition' AND NOT undecidable
  ) said
  WHERE to_state <> ''
  GROUP BY ALL
)
SELECT coalesce(c.from_state, i.from_state) AS from_state, coalesce(c.to_state, i.to_state) AS to_state,
  coalesce(c.n, i.n) AS n, coalesce(i.n, 0) AS illegal
FROM counted c FULL JOIN illegal i ON i.from_state = c.from_state AND i.to_state = c.to_state
ORDER BY n DESC, from_state, to_state
