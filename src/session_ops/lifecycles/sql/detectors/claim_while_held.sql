-- claim_while_held: somebody acquired an exclusive lock that another session still held.
-- severity: critical
-- confidence: proven. The order of the log is exact where one writer orders it, suspected across hosts.
-- blind: holds that were never logged; the holder before the last one.
-- needs: lock.acquire
-- text: {session_id} acquired {resource_id} while {prev_holder} held it
SELECT source_id, session_id, resource_id, ts_ns, event_id, prev_event_id, prev_holder
FROM lock_steps
WHERE kind = 'lock.acquire' AND coalesce(op_outcome, 'ok') = 'ok'
  AND prev_kind IN ('lock.acquire', 'lock.renew', 'lock.steal') AND prev_holder <> session_id
