-- states: how long do sessions stay in each state? The last span of a session without an end is only as long as it was seen.
SELECT p.state, count(*) AS spans, count(DISTINCT p.session_id) AS sessions, count(CASE WHEN NOT p.to_known THEN 1 END) AS unfinished,
  min(p.ns) / 1e9 AS shortest_s, quantile_disc(p.ns, 0.25) / 1e9 AS lower_s, quantile_disc(p.ns, 0.5) / 1e9 AS median_s,
  quantile_disc(p.ns, 0.75) / 1e9 AS upper_s, max(p.ns) / 1e9 AS longest_s, sum(p.ns) / 1e9 AS total_s,
  CAST(coalesce(sum(p.anomalies), 0) AS BIGINT) AS anomalies
FROM (
  SELECT s.*, s.to_ns - s.from_ns AS ns, (
    SELECT count(*) FROM anomalies a WHERE NOT a.undecidable AND a.session_id = s.session_id AND a.ts_ns >= s.from_ns AND a.ts_ns < s.to_ns
  ) AS anomalies
  FROM state_spans s WHERE s.to_ns >= s.from_ns
) p
GROUP BY p.state
ORDER BY total_s DESC, p.state
