-- clock_skew: the clock of a host differs from that of whoever observed its records.
-- severity: gap
-- confidence: proven. Only a record that was seen before it was made proves it; one that was seen late may just have been sent late: possible.
-- blind: logs without a second time; differences below the limit; shifts by whole half hours (see zone_shift).
-- needs: observed; no record carries a second time, when somebody else saw it
-- text: the clock of {host} is {side} by {off_ns:span} (median of {n} records)
WITH told AS (
  SELECT source_id, clock_domain, count(*) AS n, median(delay_ns) AS middle,
    min(event_id) AS event_id, min(ts_ns) AS ts_ns
  FROM delays WHERE basis = 'observed' GROUP BY source_id, clock_domain
)
SELECT t.source_id, NULL AS session_id, NULL AS resource_id, t.ts_ns, t.event_id, t.n, abs(t.middle) AS off_ns,
  CASE WHEN t.clock_domain = '' THEN 'this log' ELSE t.clock_domain END AS host,
  CASE WHEN t.middle < 0 THEN 'ahead' ELSE 'behind, or its records come late,' END AS side,
  CASE WHEN t.middle < 0 THEN 'proven' ELSE 'possible' END AS confidence
FROM told t
CROSS JOIN settings p
LEFT JOIN shifts z ON z.source_id = t.source_id AND z.clock_domain = t.clock_domain AND z.basis = 'observed'
WHERE t.n >= 3 AND abs(t.middle) > p.skew_ns AND z.source_id IS NULL
