-- delays: by how much do two clocks tell the same fact at different times, for each source and clock?
-- One pair is the event's own time and the time at which somebody else saw it; the other is a session's start in a log and in a registry.
CREATE TABLE delays AS
SELECT e.source_id, coalesce(e.clock_domain, '') AS clock_domain, 'observed' AS basis, e.event_id, e.ts_ns, e.observed_ns - e.ts_ns AS delay_ns
FROM events e WHERE e.observed_ns IS NOT NULL AND e.ts_ns IS NOT NULL
UNION ALL
SELECT n.source_id, '' AS clock_domain, 'registry' AS basis, b.event_id, b.ts_ns, n.start_ns - b.ts_ns AS delay_ns
FROM snapshots n
JOIN (
  SELECT session_id, min(ts_ns) AS ts_ns, min_by(event_id, ts_ns) AS event_id
  FROM steps WHERE role = 'log' AND kind = 'session.start' GROUP BY session_id HAVING count(*) = 1
) b ON b.session_id = n.session_id
WHERE n.start_ns IS NOT NULL
