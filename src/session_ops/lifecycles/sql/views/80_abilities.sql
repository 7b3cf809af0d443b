-- abilities: what are these logs able to tell? A detector that needs what no log tells is undecidable, not silent.
-- Few records have attributes of interest, so these are looked for first.
CREATE TABLE abilities AS
WITH told AS (
  SELECT kind,
    max(CASE WHEN writer_seq IS NOT NULL OR attrs LIKE '%"prev_etag"%' OR attrs LIKE '%"lost"%' THEN 1 ELSE 0 END) AS sequences,
    max(CASE WHEN attrs LIKE '%"etag"%' OR attrs LIKE '%"lost"%' THEN 1 ELSE 0 END) AS versions,
    max(CASE WHEN attrs LIKE '%"uuid"%' OR attrs LIKE '%"message_id"%' THEN 1 ELSE 0 END) AS own_ids,
    max(CASE WHEN attrs LIKE '%"parent_uuid"%' THEN 1 ELSE 0 END) AS parents,
    max(CASE WHEN writer_seq IS NOT NULL OR attrs LIKE '%"uuid"%' OR attrs LIKE '%"message_id"%' THEN 1 ELSE 0 END) AS ids,
    max(CASE WHEN observed_ns IS NOT NULL THEN 1 ELSE 0 END) AS observed,
    max(CASE WHEN message IS NOT NULL THEN 1 ELSE 0 END) AS messages,
    max(CASE WHEN fence IS NOT NULL THEN 1 ELSE 0 END) AS fences,
    max(CASE WHEN expires_ns IS NOT NULL THEN 1 ELSE 0 END) AS leases,
    max(CASE WHEN agent_id IS NOT NULL THEN 1 ELSE 0 END) AS agents,
    max(CASE WHEN resource_kind IN ('worktree', 'branch') THEN 1 ELSE 0 END) AS trees
  FROM (
    SELECT kind, writer_seq, observed_ns, message, fence, expires_ns, agent_id, resource_kind,
      CASE WHEN attrs LIKE '%etag"%' OR attrs LIKE '%lost"%' OR attrs LIKE '%id"%' THEN attrs END AS attrs
    FROM events
  ) e GROUP BY kind
)
SELECT kind AS name FROM told
UNION ALL SELECT 'sequences' FROM told WHERE sequences = 1 GROUP BY sequences
UNION ALL SELECT 'versions' FROM told WHERE versions = 1 GROUP BY versions
UNION ALL SELECT 'own_ids' FROM told WHERE own_ids = 1 GROUP BY own_ids
UNION ALL SELECT 'parents' FROM told WHERE parents = 1 GROUP BY parents
UNION ALL SELECT 'ids' FROM told WHERE ids = 1 GROUP BY ids
UNION ALL SELECT 'observed' FROM told WHERE observed = 1 GROUP BY observed
UNION ALL SELECT 'messages' FROM told WHERE messages = 1 GROUP BY messages
UNION ALL SELECT 'fences' FROM told WHERE fences = 1 GROUP BY fences
UNION ALL SELECT 'leases' FROM told WHERE leases = 1 GROUP BY leases
UNION ALL SELECT 'agents' FROM told WHERE agents = 1 AND kind IN ('session.start', 'session.register', 'session.resume') GROUP BY agents
UNION ALL SELECT 'trees' FROM told WHERE trees = 1 GROUP BY trees
UNION ALL SELECT 'ends' FROM streams WHERE logs_end GROUP BY logs_end
UNION ALL SELECT 'registry' FROM sources WHERE role = 'registry' AND records > 0 GROUP BY role
UNION ALL SELECT 'log' FROM sources WHERE role = 'log' AND records > 0 GROUP BY role
