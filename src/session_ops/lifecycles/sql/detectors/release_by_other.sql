-- release_by_other: a lock was released by a session that did not hold it.
-- severity: critical
-- confidence: proven. The log's order is exact within one log or one clock; possible across clocks.
-- blind: holds that were never logged; locks of sessions that had ended, which anybody may clean up; shared locks that the releaser held as well.
-- needs: lock.release; the logs hold no lock.release events
-- text: {session_id} released {resource_id}, which {prev_holder} held
SELECT l.source_id, l.session_id, l.resource_id, l.ts_ns, l.event_id, l.prev_event_id, l.prev_holder,
  CASE WHEN l.source_id = l.prev_source_id OR (l.clock_domain = l.prev_clock_domain AND l.clock_domain <> '') THEN 'proven' ELSE 'possible' END
    AS confidence
FROM lock_steps l
LEFT JOIN runs r ON r.session_id = l.prev_holder AND r.run_no = l.prev_run_no
WHERE l.kind = 'lock.release' AND l.prev_kind IN ('lock.acquire', 'lock.renew', 'lock.steal') AND l.prev_holder <> l.session_id
  AND NOT (l.prev_shared = 1 AND coalesce(l.own_prev_kind, '') IN ('lock.acquire', 'lock.renew', 'lock.steal'))
  AND NOT coalesce(r.end_ns BETWEEN l.prev_ts_ns AND l.ts_ns, FALSE)
