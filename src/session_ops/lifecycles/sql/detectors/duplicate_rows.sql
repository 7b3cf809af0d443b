-- duplicate_rows: the same record is there more than once: counting rows would count it twice.
-- severity: advice
-- confidence: proven. Counted by the records' own ids.
-- blind: records without an id of their own.
-- needs: ids; no record has an id of its own
-- text: {n} rows tell {distinct_ids} records ({id_name}): count by {id_name}, not by rows
WITH ids AS (
  SELECT s.stream, e.source_id, e.source_ord, e.ts_ns, 'uuid' AS id_name, json_extract_string(e.attrs, '$.uuid') AS id
  FROM events e JOIN sources s ON s.source_id = e.source_id JOIN abilities a ON a.name = 'own_ids' WHERE e.attrs LIKE '%"uuid"%'
  UNION ALL
  SELECT s.stream, e.source_id, e.source_ord, e.ts_ns, 'message_id' AS id_name, json_extract_string(e.attrs, '$.message_id') AS id
  FROM events e JOIN sources s ON s.source_id = e.source_id JOIN abilities a ON a.name = 'own_ids' WHERE e.attrs LIKE '%"message_id"%'
  UNION ALL
  SELECT s.stream, e.source_id, e.source_ord, e.ts_ns, 'counter' AS id_name,
    e.session_id || ' ' || e.kind || ' ' || CAST(e.writer_seq AS VARCHAR) || ' ' || CAST(e.ts_ns AS VARCHAR) AS id
  FROM events e
  JOIN (SELECT DISTINCT session_id, ts_ns FROM step_rows WHERE ts_ns = prev_ts_ns) t ON t.session_id = e.session_id AND t.ts_ns = e.ts_ns
  JOIN sources s ON s.source_id = e.source_id
  WHERE e.writer_seq IS NOT NULL
),
copies AS (
  SELECT *, row_number() OVER (PARTITION BY stream, id_name, id ORDER BY source_id, source_ord) AS copy FROM ids WHERE id IS NOT NULL
),
again AS (
  SELECT *, row_number() OVER (PARTITION BY stream, id_name ORDER BY source_id, source_ord) AS nth FROM copies WHERE copy > 1
),
totals AS (
  SELECT stream, id_name, count(*) AS n FROM ids WHERE id IS NOT NULL AND id_name <> 'counter' GROUP BY stream, id_name
  UNION ALL
  SELECT s.stream, 'counter' AS id_name, count(*) AS n FROM events e JOIN sources s ON s.source_id = e.source_id
  WHERE e.writer_seq IS NOT NULL AND e.session_id IS NOT NULL AND e.ts_ns IS NOT NULL GROUP BY s.stream
)
SELECT min_by(a.source_id, a.nth) AS source_id, NULL AS session_id, NULL AS resource_id, min_by(a.ts_ns, a.nth) AS ts_ns,
  min_by(a.source_id || ':' || CAST(a.source_ord AS VARCHAR), a.nth) AS event_id, a.id_name, max(t.n) AS n, max(t.n) - count(*) AS distinct_ids
FROM again a JOIN totals t ON t.stream = a.stream AND t.id_name = a.id_name
GROUP BY a.stream, a.id_name
