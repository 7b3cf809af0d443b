-- tables: what the readers fill. One statement each.
CREATE TABLE sources (
  source_id VARCHAR, path VARCHAR, format_id VARCHAR, role VARCHAR, stream VARCHAR, status VARCHAR, reason VARCHAR,
  size BIGINT, sha256 VARCHAR, zone VARCHAR, records BIGINT, first_ns BIGINT, last_ns BIGINT, res_ns BIGINT,
  out_of_order BIGINT, declared_ends BOOLEAN, ids_reused BOOLEAN, logs_end BOOLEAN, completeness VARCHAR, beat_ns BIGINT
);
CREATE TABLE rejects (source_id VARCHAR, source_line BIGINT, source_offset BIGINT, reason VARCHAR, start VARCHAR);
CREATE TABLE snapshots (
  source_id VARCHAR, session_id VARCHAR, state VARCHAR, as_of_ns BIGINT, start_ns BIGINT, last_ns BIGINT, end_ns BIGINT
);
CREATE TABLE own_transitions (format_id VARCHAR, from_state VARCHAR, to_state VARCHAR);
CREATE TABLE late_kinds (format_id VARCHAR, kind VARCHAR);
CREATE TABLE anomalies (
  detector VARCHAR, source_id VARCHAR, session_id VARCHAR, resource_id VARCHAR, ts_ns BIGINT, severity VARCHAR,
  confidence VARCHAR, undecidable BOOLEAN, event_ids VARCHAR[], text VARCHAR
);
