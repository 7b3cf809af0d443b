-- duplicate_rows: the same record is there more than once: counting rows would count it twice.
-- severity: advice
-- confidence: proven. Counted by the records' own ids.
-- blind: records without an id of their own.
-- needs: ids; no record has an id of its own
-- text: {n} rows tell {distinct_ids} records ({id_name}): count by {id_name}, not by rows
WITH ids AS (
  SELECT s.stream, e.source_id, e.source_ord, e.event_id, e.ts_ns, 'uuid' AS id_name, json_extract_string(e.attrs, '$.uuid') AS id
  FROM events e JOIN sources s ON s.source_id = e.source_id WHERE e.attrs LIKE '%"uuid"%'
  UNION ALL
  SELECT s.stream, e.source_id, e.source_ord, e.event_id, e.ts_ns, 'message_id' AS id_name, json_extract_string(e.attrs, '$.message_id') AS id
  FROM events e JOIN sources s ON s.source_id = e.source_id WHERE e.attrs LIKE '%"message_id"%'
  UNION ALL
  SELECT s.stream, e.source_id, e.source_ord, e.event_id, e.ts_ns, 'counter' AS id_name,
    e.session_id || ' ' || e.kind || ' ' || CAST(e.writer_seq AS VARCHAR) || ' ' || CAST(e.ts_ns AS VARCHAR) AS id
  FROM events e JOIN sources s ON s.source_id = e.source_id
  WHERE e.writer_seq IS NOT NULL AND e.session_id IS NOT NULL AND e.ts_ns IS NOT NULL
),
copies AS (
  SELECT *, row_number() OVER (PARTITION BY stream, id_name, id ORDER BY source_id, source_ord) AS copy FROM ids WHERE id IS NOT NULL
),
placed AS (
  SELECT *, row_number() OVER (PARTITION BY stream, id_name ORDER BY CASE WHEN copy > 1 THEN 0 ELSE 1 END, source_id, source_ord) AS nth FROM copies
)
SELECT min_by(source_id, nth) AS source_id, NULL AS session_id, NULL AS resource_id, min_by(ts_ns, nth) AS ts_ns, min_by(event_id, nth) AS event_id,
  id_name, count(*) AS n, count(CASE WHEN copy = 1 THEN 1 END) AS distinct_ids
FROM placed
GROUP BY stream, id_name
HAVING count(*) > count(CASE WHEN copy = 1 THEN 1 END)
