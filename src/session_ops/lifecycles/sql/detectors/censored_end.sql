-- censored_end: the ends of several sessions were set by a limit or a reaper, not by the sessions: their true length is unknown.
-- severity: advice
-- confidence: likely. Proven where the log names the reaper or the limit; whole minutes are left out where the clock only counts minutes.
-- blind: limits that fewer than 3 sessions hit; reapers that give no reason.
-- needs: session.end, session.crash, session.expire; no session ends in these logs
-- text: {n} sessions lasted exactly {length_ns:span}: probably cut by a limit, so their true length is unknown
SELECT min(s.source_id) AS source_id, NULL AS session_id, NULL AS resource_id, max(s.end_ns) AS ts_ns, min(r.last_event_id) AS event_id,
  count(*) AS n, s.end_ns - s.start_ns AS length_ns, 'likely' AS confidence,
  '{n} sessions lasted exactly {length_ns:span}: probably cut by a limit, so their true length is unknown' AS text
FROM sessions s
JOIN runs r ON r.session_id = s.session_id AND r.run_no = s.run_no
JOIN sources o ON o.source_id = s.source_id
WHERE s.end_ns - s.start_ns >= 600000000000 AND o.res_ns < 1000000000
GROUP BY s.end_ns - s.start_ns, r.stream
HAVING count(*) >= 3
UNION ALL
SELECT min(s.source_id) AS source_id, NULL AS session_id, NULL AS resource_id, max(s.end_ns) AS ts_ns, min(r.end_event_id) AS event_id,
  count(*) AS n, max(s.end_ns - s.start_ns) AS length_ns, 'proven' AS confidence,
  '{n} session(s) ended by a reaper or a limit, not by themselves: their true length is unknown' AS text
FROM sessions s
JOIN runs r ON r.session_id = s.session_id AND r.run_no = s.run_no
WHERE r.end_kind = 'session.expire' OR lower(r.end_reason) LIKE '%auto-clos%' OR lower(r.end_reason) LIKE '%auto_clos%' OR lower(r.end_reason) LIKE '%autoclos%'
  OR lower(r.end_reason) LIKE '%reaped%' OR lower(r.end_reason) LIKE '%reaper%' OR lower(r.end_reason) LIKE '%clamped%'
  OR lower(r.end_reason) IN ('timeout', 'expired', 'stale', 'max_duration', 'limit')
GROUP BY r.stream
