-- zombie: something was logged for a session after its end, and it was not resumed.
-- severity: gap
-- confidence: likely. A late writer (an audit row, a summary) looks the same; kinds that a format allows there are left out.
-- blind: rows within the clock's resolution of the end; notes.
-- needs: session.end, session.crash, session.expire; no session ends in these logs, so nothing can come after an end
-- text: {session_id} goes on after its end: {n} more events, the last {late_ns:span} later
SELECT r.source_id, r.session_id, NULL AS resource_id, min(s.ts_ns) AS ts_ns, min_by(s.event_id, s.place) AS event_id,
  r.end_event_id AS prev_event_id, count(*) AS n, max(s.ts_ns) - r.end_ns AS late_ns
FROM runs r
JOIN steps s ON s.session_id = r.session_id AND s.run_no = r.run_no
JOIN sources o ON o.source_id = s.source_id
JOIN sources eo ON eo.source_id = r.end_source_id
JOIN events e ON e.source_id = s.source_id AND e.source_ord = s.source_ord
LEFT JOIN late_kinds k ON k.format_id = s.format_id
  AND (k.kind = s.kind OR k.kind = json_extract_string(e.attrs, '$.raw_kind'))
WHERE r.end_ns IS NOT NULL AND s.closed AND s.part <> 'end' AND s.kind <> 'note' AND s.ts_ns > r.end_ns + o.res_ns + eo.res_ns AND k.kind IS NULL
GROUP BY r.source_id, r.session_id, r.run_no, r.end_ns, r.end_event_id
