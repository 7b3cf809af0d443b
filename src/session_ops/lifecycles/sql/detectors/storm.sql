-- storm: the same line over and over: one session repeated one message, or one kind of event, very fast, or filled half of its log with it.
-- severity: gap
-- confidence: likely. A chatty but healthy step looks the same.
-- blind: lines that differ in more than digits and hexadecimal letters; slow repetitions in a log that holds much else; activity without a message.
-- text: {session_id} logged the same {n} times, {how}: {sample}
WITH sizes AS (
  SELECT source_id, count(*) AS n FROM events GROUP BY source_id
),
busy AS (
  SELECT DISTINCT source_id, session_id FROM (
    SELECT e.source_id, e.session_id FROM events e CROSS JOIN settings p WHERE e.session_id IS NOT NULL AND e.ts_ns IS NOT NULL
    GROUP BY e.source_id, e.session_id, e.ts_ns // p.storm_ns, p.storm_rows HAVING count(*) * 2 >= p.storm_rows
    UNION ALL
    SELECT e.source_id, e.session_id FROM events e JOIN sizes z ON z.source_id = e.source_id
    WHERE e.session_id IS NOT NULL AND e.message IS NOT NULL GROUP BY e.source_id, e.session_id, z.n HAVING count(*) * 2 >= z.n
  ) crowded
),
told AS (
  SELECT e.source_id, e.session_id, e.source_ord, e.ts_ns, e.event_id, e.kind, e.message,
    translate(lower(coalesce(e.message, '')), '0123456789abcdef', '') AS template
  FROM events e JOIN busy b ON b.source_id = e.source_id AND b.session_id = e.session_id
  WHERE e.ts_ns IS NOT NULL
    AND (e.message IS NOT NULL OR e.kind NOT IN ('session.activity', 'note', 'registry.set'))
),
crowds AS (
  SELECT source_id, session_id, kind, template
  FROM (
    SELECT source_id, session_id, kind, template, count(*) AS n FROM told CROSS JOIN settings p
    GROUP BY source_id, session_id, kind, template, ts_ns // p.storm_ns, p.storm_rows HAVING count(*) * 2 >= p.storm_rows
  ) crowded
  GROUP BY source_id, session_id, kind, template
),
placed AS (
  SELECT t.*, p.storm_ns,
    row_number() OVER (PARTITION BY t.source_id, t.session_id, t.kind, t.template ORDER BY t.ts_ns, t.source_ord) AS nth,
    row_number() OVER (PARTITION BY t.source_id, t.session_id, t.kind, t.template ORDER BY t.ts_ns, t.source_ord) + p.storm_rows - 1 AS last_nth
  FROM told t
  CROSS JOIN settings p
  JOIN crowds c ON c.source_id = t.source_id AND c.session_id = t.session_id AND c.kind = t.kind AND c.template = t.template
),
fast AS (
  SELECT b.source_id, b.session_id, b.kind, b.template, min(a.ts_ns) AS from_ns, max(b.ts_ns) AS to_ns
  FROM placed a
  JOIN placed b ON b.source_id = a.source_id AND b.session_id = a.session_id AND b.kind = a.kind AND b.template = a.template
    AND b.nth = a.last_nth
  WHERE b.ts_ns - a.ts_ns < a.storm_ns
  GROUP BY b.source_id, b.session_id, b.kind, b.template
),
half AS (
  SELECT t.source_id, t.session_id, t.kind, t.template, min(t.ts_ns) AS from_ns, max(t.ts_ns) AS to_ns
  FROM told t JOIN sizes z ON z.source_id = t.source_id CROSS JOIN settings p
  WHERE t.message IS NOT NULL AND z.n >= p.storm_rows AND t.kind <> 'session.heartbeat'
  GROUP BY t.source_id, t.session_id, t.kind, t.template, z.n, p.storm_rows
  HAVING count(*) >= p.storm_rows AND count(*) * 2 >= z.n
),
stormy AS (
  SELECT source_id, session_id, kind, template, min(fast) AS fast, min(from_ns) AS from_ns, max(to_ns) AS to_ns
  FROM (
    SELECT source_id, session_id, kind, template, 0 AS fast, from_ns, to_ns FROM fast
    UNION ALL SELECT source_id, session_id, kind, template, 1 AS fast, from_ns, to_ns FROM half
  ) both_ways
  GROUP BY source_id, session_id, kind, template
)
SELECT t.source_id, t.session_id, NULL AS resource_id, min(t.ts_ns) AS ts_ns, min_by(t.event_id, t.source_ord) AS event_id, count(*) AS n,
  CASE WHEN s.fast = 0 THEN 'in bursts' ELSE 'half of the log' END AS how,
  substr(coalesce(min_by(t.message, t.source_ord), s.kind), 1, 80) AS sample
FROM stormy s
JOIN told t ON t.source_id = s.source_id AND t.session_id = s.session_id AND t.kind = s.kind AND t.template = s.template
  AND t.ts_ns BETWEEN s.from_ns AND s.to_ns
GROUP BY t.source_id, t.session_id, s.kind, s.template, s.fast
