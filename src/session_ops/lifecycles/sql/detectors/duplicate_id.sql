-- duplicate_id: a session was started again while it was still open, or two processes beat for it at once.
-- severity: critical
-- confidence: likely. A tracker that logs a start on every reconnect looks the same.
-- blind: two processes that share one start and log neither host nor pid; streams that do not log ends, where a second start may be a resume.
-- needs: ends, session.heartbeat; the logs never say that a session ended, and hold no beats that would tell two writers apart
-- text: {session_id} {what}
WITH again AS (
  SELECT s.source_id, s.session_id, s.ts_ns, s.event_id, b.event_id AS prev_event_id
  FROM steps s
  JOIN steps b ON b.session_id = s.session_id AND b.place = s.place - 1
  JOIN runs r ON r.session_id = s.session_id AND r.run_no = s.run_no
  JOIN streams t ON t.stream = s.stream
  JOIN sources o ON o.source_id = s.source_id
  WHERE s.kind = 'session.start' AND s.prev_mark = 'start' AND t.logs_end AND s.ts_ns > r.start_ns + o.res_ns
),
beats AS (
  SELECT source_id, source_ord, session_id, coalesce(host, '') AS host, coalesce(pid, -1) AS pid
  FROM events WHERE kind = 'session.heartbeat' AND (host IS NOT NULL OR pid IS NOT NULL)
),
shared AS (
  SELECT session_id FROM beats GROUP BY session_id HAVING min(host) <> max(host) OR min(pid) <> max(pid)
),
writers AS (
  SELECT s.session_id, s.run_no, b.host, b.pid, min_by(s.source_id, s.place) AS source_id, min(s.ts_ns) AS from_ns, max(s.ts_ns) AS to_ns,
    min_by(s.event_id, s.place) AS event_id, min(s.place) AS place
  FROM beats b
  JOIN steps s ON s.source_id = b.source_id AND s.source_ord = b.source_ord
  WHERE b.session_id IN (SELECT session_id FROM shared)
  GROUP BY s.session_id, s.run_no, b.host, b.pid
  HAVING count(*) >= 2
),
together AS (
  SELECT a.source_id, a.session_id, b.from_ns AS ts_ns, b.event_id, a.event_id AS prev_event_id,
    row_number() OVER (PARTITION BY a.session_id, a.run_no ORDER BY b.place, a.place) AS nth
  FROM writers a
  JOIN writers b ON b.session_id = a.session_id AND b.run_no = a.run_no AND b.place > a.place
  JOIN sources o ON o.source_id = a.source_id
  WHERE least(a.to_ns, b.to_ns) > b.from_ns + o.res_ns
)
SELECT source_id, session_id, NULL AS resource_id, ts_ns, event_id, prev_event_id, 'was started a second time while it was open' AS what
FROM again
UNION ALL
SELECT source_id, session_id, NULL AS resource_id, ts_ns, event_id, prev_event_id, 'has two processes that beat for it at the same time' AS what
FROM together WHERE nth = 1
