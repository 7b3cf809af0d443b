-- double_release: a lock was released that nobody held: it was released before, or never acquired.
-- severity: gap
-- confidence: likely. Possible only where no acquire was ever logged for the resource, since the log may have begun later.
-- blind: releases of one session that another log tells again; locks that had expired.
-- needs: lock.release; the logs hold no lock.release events
-- needs: lock.acquire, lock.steal; the logs hold no acquires, so every release looks like a second one
-- text: {session_id} released {resource_id}, which nobody held
SELECT l.source_id, l.session_id, l.resource_id, l.ts_ns, l.event_id, l.prev_event_id,
  CASE WHEN l.prev_kind IS NULL THEN 'possible' ELSE 'likely' END AS confidence
FROM lock_steps l
WHERE l.kind = 'lock.release' AND l.op_outcome = 'ok' AND (l.prev_kind IS NULL OR l.prev_kind = 'lock.release')
  AND NOT (l.shared = 1 AND coalesce(l.own_prev_kind, '') IN ('lock.acquire', 'lock.renew', 'lock.steal'))
