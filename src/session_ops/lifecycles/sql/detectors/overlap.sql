-- overlap: two sessions certainly held one exclusive resource at the same time.
-- severity: critical
-- confidence: proven. From what was granted to what was asked to be given back, within one clock; possible across clocks.
-- blind: holds shorter than the clock's resolution; holders that were never seen again after they acquired.
-- needs: lock.acquire, lock.steal; the logs hold no lock.acquire and no lock.steal events
-- text: {session_id} and {other} both held {resource_id} for {both_ns:span}
WITH placed AS (
  SELECT h.*, l.place,
    CASE WHEN h.shared
      THEN max(CASE WHEN NOT h.shared THEN h.certain_to END)
        OVER (PARTITION BY h.resource_id ORDER BY l.place ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
      ELSE max(h.certain_to) OVER (PARTITION BY h.resource_id ORDER BY l.place ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
    END AS until_ns
  FROM holds h JOIN lock_steps l ON l.event_id = h.event_id
  WHERE h.certain_from IS NOT NULL AND h.certain_to > h.certain_from
),
pairs AS (
  SELECT b.source_id, b.holder AS session_id, b.resource_id, b.certain_from AS ts_ns, b.event_id, a.event_id AS prev_event_id, a.holder AS other,
    least(a.certain_to, b.certain_to) - b.certain_from AS both_ns,
    CASE WHEN a.source_id = b.source_id OR (a.clock_domain = b.clock_domain AND a.clock_domain <> '') THEN 'proven' ELSE 'possible' END AS confidence,
    row_number() OVER (PARTITION BY b.event_id ORDER BY a.place DESC) AS nth
  FROM placed b
  JOIN placed a ON a.resource_id = b.resource_id AND a.certain_to = b.until_ns AND a.place < b.place
  WHERE b.until_ns > b.certain_from AND a.holder <> b.holder AND NOT (a.shared AND b.shared)
    AND least(a.certain_to, b.certain_to) - b.certain_from > CASE WHEN a.source_id = b.source_id THEN 0 ELSE a.res_ns + b.res_ns END
)
SELECT source_id, session_id, resource_id, ts_ns, event_id, prev_event_id, other, both_ns, confidence FROM pairs WHERE nth = 1
