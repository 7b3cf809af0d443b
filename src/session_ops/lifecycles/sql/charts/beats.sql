-- beats: how long are the gaps between the heartbeats of a session, when, and which of them did a detector find too long?
-- Where several logs tell of one session's beats, the one that tells most of them counts: two clocks for one beat make no gap.
-- Gaps that look the same on a picture are one row: 600 slices of time, 20 of the logarithm of the length to a factor of ten.
WITH told AS (
  SELECT source_id, session_id, count(DISTINCT ts_ns) AS n FROM events WHERE kind = 'session.heartbeat' AND ts_ns IS NOT NULL GROUP BY ALL
),
best AS (
  SELECT session_id, min_by(source_id, (-n, source_id)) AS source_id FROM told GROUP BY session_id
),
beats AS (
  SELECT e.session_id, s.run_no, e.ts_ns
  FROM (SELECT DISTINCT source_id, session_id, ts_ns FROM events WHERE kind = 'session.heartbeat' AND ts_ns IS NOT NULL) e
  JOIN best b ON b.source_id = e.source_id AND b.session_id = e.session_id
  ASOF JOIN sessions s ON s.session_id = e.session_id AND e.ts_ns >= s.start_ns
),
gaps AS (
  SELECT *, ts_ns - lag(ts_ns) OVER (PARTITION BY session_id, run_no ORDER BY ts_ns) AS gap_ns FROM beats
),
reach AS (
  SELECT min(ts_ns - gap_ns) AS first_ns, greatest(max(ts_ns) - min(ts_ns - gap_ns), 1) AS width_ns FROM gaps WHERE gap_ns > 0
),
cells AS (
  SELECT g.ts_ns, g.gap_ns, (g.ts_ns - r.first_ns) * 600 // r.width_ns AS slice, floor(20 * log10(g.gap_ns)) AS size, EXISTS (
      SELECT 1 FROM anomalies a WHERE a.detector = 'beat_gap' AND NOT a.undecidable AND a.session_id = g.session_id
        AND abs(a.ts_ns - g.ts_ns) * 2 < g.gap_ns
    ) AS too_long
  FROM gaps g CROSS JOIN reach r
  WHERE g.gap_ns > 0
)
SELECT min(ts_ns) AS ts_ns, exp(avg(ln(gap_ns))) / 1e9 AS gap_s, count(*) AS n, too_long
FROM cells GROUP BY slice, size, too_long
ORDER BY ts_ns, gap_s, too_long
