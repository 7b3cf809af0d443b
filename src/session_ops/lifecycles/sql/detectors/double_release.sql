-- double_release: a lock was released that nobody held: it was released before, or never acquired.
-- severity: gap
-- confidence: likely. Possible only where no acquire was ever logged for the resource, since the log may have begun later.
-- blind: the same release told by two logs at the same time counts once; locks that had expired.
-- needs: lock.release; the logs hold no lock.release events
-- needs: lock.acquire, lock.steal; the logs hold no acquires, so every release looks like a second one
-- text: {session_id} released {resource_id}, which nobody held
SELECT l.source_id, l.session_id, l.resource_id, l.ts_ns, l.event_id, l.prev_event_id,
  CASE WHEN l.prev_kind IS NULL THEN 'possible' ELSE 'likely' END AS confidence
FROM lock_steps l
WHERE l.kind = 'lock.release' AND l.op_outcome = 'ok' AND (l.prev_kind IS NULL OR l.prev_kind = 'lock.release')
  AND NOT coalesce(l.prev_holder = l.session_id AND l.prev_ts_ns = l.ts_ns AND l.prev_source_id <> l.source_id, FALSE)
  AND NOT (l.shared = 1 AND coalesce(l.own_prev_kind, '') IN ('lock.acquire', 'lock.renew', 'lock.steal'))
