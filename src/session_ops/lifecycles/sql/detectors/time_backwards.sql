-- time_backwards: a log goes back in time: its clock was set back, or its order is not that of time.
-- severity: advice
-- confidence: likely. A gap where one session's own rows go back by more than the clocks may differ; else several writers just were not in order.
-- blind: registries, which are in no order; records that are ordered by links (transcripts) are advice only; steps smaller than the clock's resolution.
-- text: {n} rows are earlier than one before them, by {back_ns:span} at most{who}
WITH ordered AS (
  SELECT e.source_id, coalesce(e.clock_domain, '') AS clock_domain, e.session_id, e.source_ord, e.event_id, e.ts_ns, coalesce(e.ts_res_ns, 0) AS res_ns, s.role,
    CASE WHEN e.attrs LIKE '%"parent_uuid"%' THEN 1 ELSE 0 END AS linked,
    max(e.ts_ns) OVER (PARTITION BY e.source_id, coalesce(e.clock_domain, '') ORDER BY e.source_ord ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS before_ns
  FROM events e JOIN sources s ON s.source_id = e.source_id
  WHERE e.ts_ns IS NOT NULL AND s.role <> 'registry' AND s.out_of_order > 0
),
backwards AS (
  SELECT * FROM ordered WHERE ts_ns < before_ns - res_ns
),
own AS (
  SELECT b.event_id,
    lag(b.ts_ns) OVER (PARTITION BY b.source_id, b.clock_domain, b.session_id ORDER BY b.source_ord) AS own_before_ns
  FROM ordered b
  WHERE b.session_id IS NOT NULL AND b.source_id IN (SELECT source_id FROM backwards)
),
told AS (
  SELECT b.*, b.before_ns - b.ts_ns AS back_ns, CASE WHEN b.role = 'log' AND b.linked = 0 AND o.own_before_ns - b.ts_ns > p.skew_ns THEN 1 ELSE 0 END AS stepped
  FROM backwards b LEFT JOIN own o ON o.event_id = b.event_id CROSS JOIN settings p
)
SELECT source_id, NULL AS session_id, NULL AS resource_id, min_by(ts_ns, source_ord) AS ts_ns, min_by(event_id, source_ord) AS event_id, count(*) AS n,
  max(back_ns) AS back_ns, CASE WHEN clock_domain = '' THEN '' ELSE ' (host ' || clock_domain || ')' END AS who,
  CASE WHEN max(stepped) = 1 THEN 'gap' ELSE 'advice' END AS severity
FROM told
GROUP BY source_id, clock_domain
