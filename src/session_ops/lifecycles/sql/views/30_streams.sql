-- streams: where does each stream of logs end (that is "now"), and does it say when sessions end?
-- A stream is one log, or the sibling files of one format. Fewer than 5 ended sessions in 100 means that ends are not logged.
CREATE TABLE streams AS
SELECT s.stream,
  max(s.last_ns) AS log_end_ns,
  min_by(s.source_id, s.path) AS source_id,
  max(coalesce(r.n_sessions, 0)) AS n_sessions,
  max(coalesce(r.n_ended, 0)) AS n_ended,
  CASE
    WHEN max(CASE WHEN s.declared_ends THEN 1 WHEN NOT s.declared_ends THEN 0 END) = 1 THEN TRUE
    WHEN max(CASE WHEN s.declared_ends THEN 1 WHEN NOT s.declared_ends THEN 0 END) = 0 THEN FALSE
    ELSE max(coalesce(r.n_ended, 0)) > 0 AND max(coalesce(r.n_ended, 0)) * 20 >= max(coalesce(r.n_sessions, 0))
  END AS logs_end
FROM sources s
LEFT JOIN (
  SELECT stream, count(*) AS n_sessions, count(end_ns) AS n_ended FROM runs GROUP BY stream
) r ON r.stream = s.stream
WHERE s.last_ns IS NOT NULL
GROUP BY s.stream
