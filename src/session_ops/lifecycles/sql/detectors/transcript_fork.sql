-- transcript_fork: one record of a transcript was answered twice: the session was rewound, or two processes wrote on.
-- severity: gap
-- confidence: likely. Possible where the answers are of different kinds: several tools at once leave the same picture.
-- blind: side chains (agents of an agent); transcripts that link no record to the one before it.
-- needs: parents; no record names the one before it (no parent id)
-- text: {session_id} goes on in {n} ways from record {parent}
WITH told AS (
  SELECT e.source_id, e.source_ord, e.session_id, e.event_id, e.ts_ns, json_extract_string(e.attrs, '$.uuid') AS uuid,
    json_extract_string(e.attrs, '$.parent_uuid') AS parent, json_extract_string(e.attrs, '$.raw_kind') AS raw_kind
  FROM events e
  WHERE e.attrs LIKE '%"parent_uuid"%' AND e.attrs LIKE '%"uuid"%' AND e.session_id IS NOT NULL
    AND coalesce(json_extract_string(e.attrs, '$.sidechain'), 'false') <> 'true'
    AND json_extract_string(e.attrs, '$.tool_result') IS NULL
),
once AS (
  SELECT *, row_number() OVER (PARTITION BY session_id, parent, uuid ORDER BY ts_ns, source_id, source_ord) AS copy FROM told
),
placed AS (
  SELECT *, row_number() OVER (PARTITION BY session_id, parent ORDER BY ts_ns, source_id, source_ord) AS nth FROM once WHERE copy = 1
)
SELECT min_by(source_id, nth) AS source_id, session_id, NULL AS resource_id, max(CASE WHEN nth = 2 THEN ts_ns END) AS ts_ns,
  max(CASE WHEN nth = 2 THEN event_id END) AS event_id, max(CASE WHEN nth = 1 THEN event_id END) AS prev_event_id, parent, count(*) AS n,
  CASE WHEN min(raw_kind) = max(raw_kind) THEN 'likely' ELSE 'possible' END AS confidence,
  CASE WHEN min(raw_kind) = max(raw_kind) THEN 'gap' ELSE 'advice' END AS severity
FROM placed
GROUP BY session_id, parent
HAVING count(*) > 1
