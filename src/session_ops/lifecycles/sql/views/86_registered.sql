-- registered: what does each registry say last of each session, is it live there, and as of when does the registry speak at least?
CREATE TABLE registered AS
WITH latest AS (
  SELECT *, row_number() OVER (PARTITION BY source_id, session_id ORDER BY as_of_ns DESC, end_ns DESC, start_ns DESC, state) AS back FROM snapshots
),
reach AS (
  SELECT source_id, max(as_of_ns) AS now_ns, min(start_ns) AS from_ns, count(DISTINCT session_id) AS n_sessions,
    count(DISTINCT CASE WHEN end_ns IS NOT NULL THEN session_id END) AS n_ended
  FROM snapshots GROUP BY source_id
),
counts AS (
  SELECT source_id, session_id, max(TRY_CAST(json_extract_string(attrs, '$.stored_count') AS BIGINT)) AS stored_events
  FROM events WHERE source_id IN (SELECT source_id FROM snapshots) AND attrs LIKE '%"stored_count"%' GROUP BY source_id, session_id
)
SELECT n.source_id, n.session_id, n.state, n.start_ns, n.last_ns, n.end_ns, c.stored_events, a.now_ns, a.from_ns, a.n_sessions, a.n_ended,
  n.end_ns IS NULL AND lower(coalesce(n.state, '')) NOT IN ('completed', 'complete', 'ended', 'done', 'closed', 'finished', 'stopped',
    'terminated', 'success', 'merged', 'crashed', 'failed', 'error', 'aborted', 'killed', 'dead', 'expired', 'stale', 'reaped', 'abandoned',
    'orphaned', 'timeout', 'cancelled', 'canceled', 'archived') AS live
FROM latest n JOIN reach a ON a.source_id = n.source_id
LEFT JOIN counts c ON c.source_id = n.source_id AND c.session_id = n.session_id
WHERE n.back = 1
