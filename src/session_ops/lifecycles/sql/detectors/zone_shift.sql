-- zone_shift: all times of a log are off by the same whole number of half hours: its time zone was taken for another.
-- severity: gap
-- confidence: likely. Every record with a second time agrees.
-- blind: logs without a second time, in the record or in a registry; fewer than 3 records.
-- needs: observed, registry; no record carries a second time, and there is no registry to compare with
-- text: the times of {host} are off by {half_hours} half hours against {against} ({n} records agree)
SELECT z.source_id, NULL AS session_id, NULL AS resource_id, z.ts_ns, z.event_id, z.half_hours, z.n,
  CASE WHEN z.clock_domain = '' THEN 'this log' ELSE z.clock_domain END AS host,
  CASE WHEN z.basis = 'observed' THEN 'the time at which they were seen' ELSE 'the logs' END AS against
FROM shifts z
