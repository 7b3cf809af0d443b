-- append_only_loss: records that were written are gone: a counter of the writer skips or goes back, or a later version of a file lacks lines.
-- severity: critical
-- confidence: likely. Proven where a version of the file lacks lines that an earlier one held; a filtered copy of a log looks like a loss.
-- blind: counters that do not run without a gap elsewhere in the same log, judged by its first 100,000 records; losses of whole files.
-- needs: sequences; no record carries a counter, a version or a tag of the one before it
-- text: {what}
WITH counted AS (
  SELECT e.source_id, e.source_ord, e.session_id, e.agent_id, e.ts_ns, e.writer_seq, e.kind,
    coalesce(e.host, '') || '|' || coalesce(CAST(e.pid AS VARCHAR), '') AS process
  FROM events e WHERE e.writer_seq IS NOT NULL AND e.source_ord < 100000
),
tried AS (
  SELECT source_id, 'session' AS basis, lag(writer_seq) OVER (PARTITION BY source_id, session_id ORDER BY source_ord) AS before_seq, writer_seq
  FROM counted WHERE session_id IS NOT NULL
  UNION ALL
  SELECT source_id, 'agent' AS basis, lag(writer_seq) OVER (PARTITION BY source_id, agent_id ORDER BY source_ord) AS before_seq, writer_seq
  FROM counted WHERE agent_id IS NOT NULL
  UNION ALL
  SELECT source_id, 'process' AS basis, lag(writer_seq) OVER (PARTITION BY source_id, process ORDER BY source_ord) AS before_seq, writer_seq
  FROM counted WHERE process <> '|'
  UNION ALL
  SELECT source_id, 'log' AS basis, lag(writer_seq) OVER (PARTITION BY source_id ORDER BY source_ord) AS before_seq, writer_seq
  FROM counted
),
fits AS (
  SELECT source_id, basis, count(CASE WHEN writer_seq - before_seq = 1 THEN 1 END) AS n_next, count(before_seq) AS n
  FROM tried GROUP BY source_id, basis
),
best AS (
  SELECT source_id, basis, row_number() OVER (PARTITION BY source_id ORDER BY n_next * 1000 // n DESC, n DESC, basis) AS nth
  FROM fits WHERE n >= 5 AND n_next * 10 >= n * 8
),
numbered AS (
  SELECT n.base, n.base + e.source_ord AS pos, e.writer_seq,
    CASE b.basis WHEN 'session' THEN e.session_id WHEN 'agent' THEN e.agent_id
      WHEN 'process' THEN nullif(coalesce(e.host, '') || '|' || coalesce(CAST(e.pid AS VARCHAR), ''), '|') ELSE '' END AS counter
  FROM events e JOIN best b ON b.source_id = e.source_id AND b.nth = 1
  JOIN source_numbers n ON n.source_id = e.source_id
  WHERE e.writer_seq IS NOT NULL
),
counters AS (
  SELECT base, counter, min(pos) AS counter_no FROM numbered WHERE counter IS NOT NULL GROUP BY base, counter
),
steps_of AS (
  SELECT n.base, n.pos, n.writer_seq, lag(n.writer_seq) OVER (PARTITION BY c.counter_no ORDER BY n.pos) AS before_seq,
    lag(n.pos) OVER (PARTITION BY c.counter_no ORDER BY n.pos) AS prev_pos
  FROM numbered n JOIN counters c ON c.base = n.base AND c.counter = n.counter
),
breaks AS (
  SELECT n.source_id, s.pos - s.base AS source_ord, s.prev_pos - s.base AS prev_ord, s.writer_seq, s.before_seq
  FROM steps_of s JOIN source_numbers n ON n.base = s.base
  WHERE s.writer_seq > s.before_seq + 1 OR s.writer_seq < s.before_seq
),
gaps AS (
  SELECT s.source_id, e.session_id, e.ts_ns, s.source_id || ':' || CAST(s.source_ord AS VARCHAR) AS event_id,
    s.source_id || ':' || CAST(s.prev_ord AS VARCHAR) AS prev_event_id,
    CASE WHEN s.writer_seq > s.before_seq
      THEN 'the counter goes from ' || CAST(s.before_seq AS VARCHAR) || ' to ' || CAST(s.writer_seq AS VARCHAR) || ': '
        || CAST(s.writer_seq - s.before_seq - 1 AS VARCHAR) || ' records are missing'
      ELSE 'the counter goes back from ' || CAST(s.before_seq AS VARCHAR) || ' to ' || CAST(s.writer_seq AS VARCHAR) END AS what,
    'likely' AS confidence
  FROM breaks s
  JOIN events e ON e.source_id = s.source_id AND e.source_ord = s.source_ord
  WHERE NOT (s.writer_seq <= 1 AND s.writer_seq < s.before_seq AND e.kind IN ('session.start', 'session.register', 'session.resume'))
),
tags AS (
  SELECT e.source_id, e.session_id, e.ts_ns, e.event_id, json_extract_string(e.attrs, '$.prev_etag') AS prev_etag,
    lag(json_extract_string(e.attrs, '$.etag')) OVER (PARTITION BY e.source_id, coalesce(e.resource_id, '') ORDER BY e.source_ord) AS last_etag,
    lag(e.event_id) OVER (PARTITION BY e.source_id, coalesce(e.resource_id, '') ORDER BY e.source_ord) AS prev_event_id
  FROM events e JOIN abilities a ON a.name = 'versions' WHERE e.attrs LIKE '%"etag"%'
),
versions AS (
  SELECT e.source_id, e.session_id, e.ts_ns, e.event_id, json_extract_string(e.attrs, '$.lost') AS lost, e.resource_id
  FROM events e JOIN abilities a ON a.name = 'versions' WHERE e.attrs LIKE '%"lost"%'
)
SELECT source_id, session_id, NULL AS resource_id, ts_ns, event_id, prev_event_id, what, confidence FROM gaps
UNION ALL
SELECT source_id, session_id, NULL AS resource_id, ts_ns, event_id, prev_event_id,
  'a write was made over version ' || prev_etag || ', but the last one was ' || last_etag || ': what that one wrote is lost' AS what, 'likely' AS confidence
FROM tags WHERE prev_etag <> last_etag
UNION ALL
SELECT source_id, session_id, resource_id, ts_ns, event_id, NULL AS prev_event_id,
  'this version of ' || coalesce(resource_id, 'the file') || ' lacks ' || lost || ' lines that the one before it held' AS what, 'proven' AS confidence
FROM versions WHERE lost <> '0'
