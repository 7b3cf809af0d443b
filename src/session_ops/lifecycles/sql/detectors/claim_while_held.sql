-- claim_while_held: somebody acquired an exclusive lock that another session still held.
-- severity: critical
-- confidence: proven. The log's order is exact within one log or one clock; possible across clocks.
-- blind: holds that were never logged; the holder before the last one (see overlap); a holder whose session had ended or whose lease had run out.
-- needs: lock.acquire; the logs hold no lock.acquire events
-- text: {session_id} acquired {resource_id} while {prev_holder} held it
SELECT l.source_id, l.session_id, l.resource_id, l.ts_ns, l.event_id, l.prev_event_id, l.prev_holder,
  CASE WHEN l.source_id = l.prev_source_id OR (l.clock_domain = l.prev_clock_domain AND l.clock_domain <> '') THEN 'proven' ELSE 'possible' END
    AS confidence
FROM lock_steps l
LEFT JOIN runs r ON r.session_id = l.prev_holder AND r.run_no = l.prev_run_no
WHERE l.kind = 'lock.acquire' AND l.op_outcome = 'ok' AND l.prev_outcome = 'ok'
  AND l.prev_kind IN ('lock.acquire', 'lock.renew', 'lock.steal') AND l.prev_holder <> l.session_id
  AND (l.shared = 0 OR l.prev_shared = 0)
  AND coalesce(l.prev_expires_ns, l.ts_ns + 1) > l.ts_ns AND NOT coalesce(r.end_ns BETWEEN l.prev_ts_ns AND l.ts_ns, FALSE)
