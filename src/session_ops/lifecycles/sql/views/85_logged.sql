-- logged: what do the logs alone say of each session that a registry knows as well?
CREATE TABLE logged AS
SELECT session_id,
  min_by(stream, place) AS stream, min(ts_ns) AS first_ns, max(ts_ns) AS last_ns,
  max(CASE WHEN part = 'start' THEN ts_ns END) AS start_ns,
  max(CASE WHEN part = 'end' THEN ts_ns END) AS end_ns,
  max_by(event_id, CASE WHEN part = 'end' THEN place END) AS end_event_id,
  min_by(event_id, place) AS first_event_id, max_by(event_id, place) AS last_event_id,
  count(CASE WHEN kind = 'session.activity' THEN 1 END) AS n_activity
FROM steps
WHERE role = 'log' AND session_id IN (SELECT session_id FROM snapshots)
GROUP BY session_id
