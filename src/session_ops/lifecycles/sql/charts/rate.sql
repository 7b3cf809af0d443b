-- rate: how many events of which sort, rejects and anomalies fall into each of 200 slices of time?
-- A reject has no time: it is counted where the event stands that comes before it in its log, or else the first one after it.
WITH reach AS (
  SELECT min(ts_ns) AS first_ns, max(ts_ns) AS last_ns, (max(ts_ns) - min(ts_ns)) // 200 + 1 AS width_ns FROM events WHERE ts_ns IS NOT NULL
),
torn AS (
  SELECT row_number() OVER () AS nth, source_id, coalesce(source_line, 0) AS line FROM rejects WHERE reason <> 'template'
),
placed AS (
  SELECT coalesce(b.ts_ns, f.ts_ns) AS ts_ns
  FROM torn t
  ASOF LEFT JOIN (SELECT source_id, source_line, ts_ns FROM events WHERE ts_ns IS NOT NULL) b ON b.source_id = t.source_id AND t.line >= b.source_line
  LEFT JOIN (SELECT source_id, min_by(ts_ns, source_ord) AS ts_ns FROM events WHERE ts_ns IS NOT NULL GROUP BY source_id) f ON f.source_id = t.source_id
),
facts AS (
  SELECT ts_ns, CASE
      WHEN kind IN ('session.activity', 'note') THEN 'activity'
      WHEN kind = 'session.heartbeat' THEN 'heartbeats'
      WHEN kind LIKE 'lock.%' THEN 'locks'
      WHEN kind LIKE 'session.%' THEN 'lifecycle'
      ELSE 'other'
    END AS sort
  FROM events WHERE ts_ns IS NOT NULL
  UNION ALL SELECT ts_ns, 'rejects' FROM placed WHERE ts_ns IS NOT NULL
  UNION ALL SELECT ts_ns, severity FROM anomalies WHERE NOT undecidable AND ts_ns IS NOT NULL
),
counted AS (
  SELECT least(greatest((f.ts_ns - r.first_ns) // r.width_ns, 0), 199) AS slice, f.sort, count(*) AS n FROM facts f CROSS JOIN reach r GROUP BY ALL
)
SELECT r.first_ns + s.slice * r.width_ns AS from_ns, r.width_ns / 1e9 AS width_s,
  CAST(coalesce(sum(CASE WHEN sort = 'lifecycle' THEN n END), 0) AS BIGINT) AS lifecycle,
  CAST(coalesce(sum(CASE WHEN sort = 'activity' THEN n END), 0) AS BIGINT) AS activity,
  CAST(coalesce(sum(CASE WHEN sort = 'heartbeats' THEN n END), 0) AS BIGINT) AS heartbeats,
  CAST(coalesce(sum(CASE WHEN sort = 'locks' THEN n END), 0) AS BIGINT) AS locks,
  CAST(coalesce(sum(CASE WHEN sort = 'other' THEN n END), 0) AS BIGINT) AS other,
  CAST(coalesce(sum(CASE WHEN sort = 'rejects' THEN n END), 0) AS BIGINT) AS rejects,
  CAST(coalesce(sum(CASE WHEN sort = 'critical' THEN n END), 0) AS BIGINT) AS critical,
  CAST(coalesce(sum(CASE WHEN sort = 'gap' THEN n END), 0) AS BIGINT) AS gap,
  CAST(coalesce(sum(CASE WHEN sort = 'advice' THEN n END), 0) AS BIGINT) AS advice
FROM generate_series(0, 199) AS s(slice) CROSS JOIN reach r LEFT JOIN counted c ON c.slice = s.slice
WHERE r.first_ns IS NOT NULL
GROUP BY s.slice, r.first_ns, r.width_ns
ORDER BY s.slice
