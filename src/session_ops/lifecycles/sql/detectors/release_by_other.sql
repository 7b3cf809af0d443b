-- release_by_other: a lock was released by a session that did not hold it.
-- severity: critical
-- confidence: proven. The order of the log is exact where one writer orders it, suspected across hosts.
-- blind: holds that were never logged.
-- needs: lock.release
-- text: {session_id} released {resource_id}, which {prev_holder} held
SELECT source_id, session_id, resource_id, ts_ns, event_id, prev_event_id, prev_holder
FROM lock_steps
WHERE kind = 'lock.release' AND prev_kind IN ('lock.acquire', 'lock.renew', 'lock.steal') AND prev_holder <> session_id
