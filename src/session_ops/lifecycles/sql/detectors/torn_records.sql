-- torn_records: records that were torn, welded together, or left with a merge's conflict markers: what they said is lost.
-- severity: gap
-- confidence: proven. The lines are in tables/rejects.parquet; why they are torn (two writers, a crash, bad quoting) is not decided.
-- blind: a tear that leaves valid JSON.
-- text: {n} damaged records ({kinds}), the first at line {line}
SELECT source_id, NULL AS session_id, NULL AS resource_id, NULL AS ts_ns, NULL AS event_id, count(*) AS n,
  min(source_line) AS line,
  concat_ws(', ', max(CASE WHEN reason = 'conflict_marker' THEN 'conflict markers' END),
    max(CASE WHEN reason = 'torn' THEN 'torn' END), max(CASE WHEN reason = 'welded' THEN 'welded' END)) AS kinds
FROM rejects
WHERE reason IN ('torn', 'welded', 'conflict_marker')
GROUP BY source_id
