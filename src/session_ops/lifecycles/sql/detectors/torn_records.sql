-- torn_records: records that were torn, welded together, or left with a merge's conflict markers: what they said is lost.
-- severity: gap
-- confidence: proven. The lines are in tables/rejects.parquet; why they are torn (two writers, a crash, bad quoting) is not decided; two writers need two sessions at work.
-- blind: a tear that leaves valid JSON.
-- text: {n} damaged records ({kinds}), the first at line {line}{live}
WITH damaged AS (
  SELECT source_id, source_line, reason FROM rejects WHERE reason IN ('torn', 'welded', 'conflict_marker')
),
lines AS (
  SELECT source_id, source_line, ts_ns, 0 AS damage FROM events
  WHERE ts_ns IS NOT NULL AND source_id IN (SELECT source_id FROM damaged)
  UNION ALL SELECT source_id, source_line, CAST(NULL AS BIGINT) AS ts_ns, 1 AS damage FROM damaged
),
moments AS (
  SELECT source_id, damage,
    max(ts_ns) OVER (PARTITION BY source_id ORDER BY source_line, damage ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS at_ns
  FROM lines
),
tears AS (
  SELECT DISTINCT source_id, at_ns FROM moments WHERE damage = 1 AND at_ns IS NOT NULL
),
busy AS (
  SELECT t.source_id, t.at_ns, count(DISTINCT r.session_id) AS n
  FROM tears t JOIN runs r ON r.start_ns <= t.at_ns AND coalesce(r.end_ns, r.last_seen_ns) >= t.at_ns
  GROUP BY t.source_id, t.at_ns
),
most AS (
  SELECT source_id, max(n) AS n FROM busy GROUP BY source_id
)
SELECT d.source_id, NULL AS session_id, NULL AS resource_id, NULL AS ts_ns, NULL AS event_id, count(*) AS n,
  min(d.source_line) AS line,
  concat_ws(', ', max(CASE WHEN d.reason = 'conflict_marker' THEN 'conflict markers' END),
    max(CASE WHEN d.reason = 'torn' THEN 'torn' END), max(CASE WHEN d.reason = 'welded' THEN 'welded' END)) AS kinds,
  CASE WHEN max(m.n) > 1 THEN ', while up to ' || CAST(max(m.n) AS VARCHAR) || ' sessions were at work'
    WHEN max(m.n) = 1 THEN ', while one session was at work' ELSE '' END AS live
FROM damaged d LEFT JOIN most m ON m.source_id = d.source_id
GROUP BY d.source_id
