-- runs: when did each run of a session start and end, and when was it last seen?
CREATE TABLE runs AS
SELECT session_id, run_no,
  min_by(source_id, place) AS source_id,
  min_by(format_id, place) AS format_id,
  min_by(stream, place) AS stream,
  min_by(agent_id, CASE WHEN agent_id IS NULL THEN NULL ELSE place END) AS agent_id,
  min_by(parent_session_id, CASE WHEN parent_session_id IS NULL THEN NULL ELSE place END) AS parent_session_id,
  max(CASE WHEN previous_session_id <> session_id THEN previous_session_id END) AS previous_session_id,
  coalesce(min(CASE WHEN part = 'start' THEN ts_ns END), min(ts_ns)) AS start_ns,
  count(CASE WHEN part = 'start' THEN 1 END) > 0 AS start_known,
  min(CASE WHEN part = 'end' THEN ts_ns END) AS end_ns,
  min_by(kind, CASE WHEN part = 'end' THEN place END) AS end_kind,
  max(ts_ns) AS last_seen_ns,
  min_by(event_id, place) AS first_event_id,
  max_by(event_id, place) AS last_event_id,
  min_by(event_id, CASE WHEN part = 'end' THEN place END) AS end_event_id,
  min_by(source_id, CASE WHEN part = 'end' THEN place END) AS end_source_id,
  count(*) AS n_events,
  count(CASE WHEN kind = 'session.heartbeat' THEN 1 END) AS n_beats,
  max(CASE WHEN prev_ts_ns IS NOT NULL AND end_place IS NULL THEN ts_ns - prev_ts_ns END) AS max_gap_ns,
  max(CASE WHEN ids_reused THEN 1 ELSE 0 END) AS ids_reused
FROM steps
GROUP BY session_id, run_no
