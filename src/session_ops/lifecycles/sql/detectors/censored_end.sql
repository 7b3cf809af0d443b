-- censored_end: several sessions have exactly the same length: the end was set by a limit or a reaper, not by the session.
-- severity: advice
-- confidence: likely. The more sessions share it, the surer; whole minutes are left out where the clock only counts minutes.
-- blind: limits that fewer than 3 sessions hit.
-- text: {n} sessions lasted exactly {length_ns:span}: probably cut by a limit, so their true length is unknown
SELECT min(s.source_id) AS source_id, NULL AS session_id, NULL AS resource_id, max(s.end_ns) AS ts_ns,
  min(r.last_event_id) AS event_id, count(*) AS n, s.end_ns - s.start_ns AS length_ns
FROM sessions s
JOIN runs r ON r.session_id = s.session_id AND r.run_no = s.run_no
JOIN sources o ON o.source_id = s.source_id
WHERE s.end_ns - s.start_ns >= 600000000000 AND o.res_ns < 1000000000
GROUP BY s.end_ns - s.start_ns, r.stream
HAVING count(*) >= 3
