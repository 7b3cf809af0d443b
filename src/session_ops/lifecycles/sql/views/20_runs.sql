-- runs: when did each run of a session start and end, and when was it last seen?
CREATE TABLE runs AS
WITH found AS (
  SELECT session_id, run_no,
    min_by(source_id, place) AS source_id,
    min_by(agent_id, CASE WHEN agent_id IS NULL THEN NULL ELSE place END) AS agent_id,
    min(CASE WHEN part = 'start' THEN ts_ns END) AS told_start_ns,
    min(ts_ns) AS first_seen_ns,
    min(CASE WHEN part = 'end' THEN ts_ns END) AS end_ns,
    min_by(kind, CASE WHEN part = 'end' THEN place END) AS end_kind,
    max(ts_ns) AS last_seen_ns,
    min_by(source_ord, place) AS first_ord,
    max_by(source_id, place) AS last_source_id,
    max_by(source_ord, place) AS last_ord,
    min_by(source_id, CASE WHEN part = 'end' THEN place END) AS end_source_id,
    min_by(source_ord, CASE WHEN part = 'end' THEN place END) AS end_ord,
    count(*) AS n_events,
    count(CASE WHEN kind = 'session.heartbeat' THEN 1 END) AS n_beats,
    max(CASE WHEN prev_ts_ns IS NOT NULL AND NOT ended THEN ts_ns - prev_ts_ns END) AS max_gap_ns
  FROM step_rows
  GROUP BY session_id, run_no
),
links AS (
  SELECT p.session_id, p.run_no,
    min_by(e.parent_session_id, CASE WHEN e.parent_session_id IS NULL THEN NULL ELSE p.place END) AS parent_session_id,
    max(CASE WHEN e.previous_session_id <> p.session_id THEN e.previous_session_id END) AS previous_session_id
  FROM step_rows p
  JOIN events e ON e.source_id = p.source_id AND e.source_ord = p.source_ord
  WHERE e.parent_session_id IS NOT NULL OR e.previous_session_id IS NOT NULL
  GROUP BY p.session_id, p.run_no
),
named AS (
  SELECT DISTINCT p.session_id, p.run_no
  FROM step_rows p JOIN sources s ON s.source_id = p.source_id WHERE s.ids_reused
)
SELECT f.session_id, f.run_no, f.source_id, s.format_id, s.stream, f.agent_id, l.parent_session_id, l.previous_session_id,
  coalesce(f.told_start_ns, f.first_seen_ns) AS start_ns, f.told_start_ns IS NOT NULL AS start_known, f.end_ns, f.end_kind, f.last_seen_ns,
  f.source_id || ':' || CAST(f.first_ord AS VARCHAR) AS first_event_id,
  f.last_source_id || ':' || CAST(f.last_ord AS VARCHAR) AS last_event_id,
  f.end_source_id || ':' || CAST(f.end_ord AS VARCHAR) AS end_event_id,
  f.end_source_id, e.end_reason, f.n_events, f.n_beats, f.max_gap_ns,
  CASE WHEN n.session_id IS NULL THEN 0 ELSE 1 END AS ids_reused
FROM found f
JOIN sources s ON s.source_id = f.source_id
LEFT JOIN links l ON l.session_id = f.session_id AND l.run_no = f.run_no
LEFT JOIN events e ON e.source_id = f.end_source_id AND e.source_ord = f.end_ord AND e.end_reason <> ''
LEFT JOIN named n ON n.session_id = f.session_id AND n.run_no = f.run_no
