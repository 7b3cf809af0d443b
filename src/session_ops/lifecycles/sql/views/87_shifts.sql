-- shifts: where do two clocks differ by the same whole number of half hours in every record?
CREATE TABLE shifts AS
WITH rounded AS (
  SELECT d.*, (d.delay_ns + 25200000000000000 + 900000000000) // 1800000000000 - 14000 AS half_hours FROM delays d
),
told AS (
  SELECT source_id, clock_domain, basis, min(half_hours) AS half_hours, max(half_hours) AS most, count(*) AS n, min(ts_ns) AS ts_ns,
    max(abs(delay_ns - half_hours * 1800000000000)) AS off_ns
  FROM rounded GROUP BY source_id, clock_domain, basis
),
firsts AS (
  SELECT d.source_id, d.clock_domain, d.basis, min(d.event_id) AS event_id
  FROM delays d JOIN told t ON t.source_id = d.source_id AND t.clock_domain = d.clock_domain AND t.basis = d.basis AND t.ts_ns = d.ts_ns
  GROUP BY d.source_id, d.clock_domain, d.basis
)
SELECT t.source_id, t.clock_domain, t.basis, t.half_hours, t.n, t.ts_ns, f.event_id
FROM told t
JOIN firsts f ON f.source_id = t.source_id AND f.clock_domain = t.clock_domain AND f.basis = t.basis
CROSS JOIN settings p
WHERE t.half_hours = t.most AND t.half_hours <> 0 AND abs(t.half_hours) <= 28 AND t.off_ns < p.skew_ns AND t.n >= 3
