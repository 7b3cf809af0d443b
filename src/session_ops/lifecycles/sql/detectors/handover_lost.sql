-- handover_lost: a session offered its work to another and nobody took it.
-- severity: gap
-- confidence: likely. Possible only where the logs hold no accept at all.
-- blind: offers just before the log ends; with several offers open at once, an accept that names none of them counts for all.
-- needs: session.handoff_offer; the logs hold no handovers
-- text: {session_id} offered a handover at {ts_ns:time}, and nobody accepted it within {waited_ns:span}
WITH offers AS (
  SELECT e.source_id, e.session_id, e.event_id, e.ts_ns, e.op_id, s.stream
  FROM events e JOIN sources s ON s.source_id = e.source_id
  WHERE e.kind = 'session.handoff_offer' AND e.session_id IS NOT NULL AND e.ts_ns IS NOT NULL
),
taken AS (
  SELECT o.event_id
  FROM offers o
  CROSS JOIN settings p
  JOIN events a ON a.kind = 'session.handoff_accept' AND a.session_id <> o.session_id
  WHERE a.ts_ns >= o.ts_ns AND a.ts_ns <= o.ts_ns + p.handover_ns AND (a.op_id IS NULL OR o.op_id IS NULL OR a.op_id = o.op_id)
  UNION
  SELECT o.event_id
  FROM offers o
  CROSS JOIN settings p
  JOIN starts n ON n.previous_session_id = o.session_id AND n.session_id <> o.session_id
  WHERE n.ts_ns >= o.ts_ns AND n.ts_ns <= o.ts_ns + p.handover_ns
)
SELECT o.source_id, o.session_id, NULL AS resource_id, o.ts_ns, o.event_id, p.handover_ns AS waited_ns,
  CASE WHEN n.accepts > 0 THEN 'likely' ELSE 'possible' END AS confidence
FROM offers o
JOIN streams t ON t.stream = o.stream
CROSS JOIN settings p
CROSS JOIN (SELECT count(*) AS accepts FROM abilities WHERE name = 'session.handoff_accept') n
LEFT JOIN taken k ON k.event_id = o.event_id
WHERE k.event_id IS NULL AND t.log_end_ns > o.ts_ns + p.handover_ns
