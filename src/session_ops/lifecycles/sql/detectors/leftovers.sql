-- leftovers: a work tree or branch that a session made is still there although the session is over.
-- severity: gap
-- confidence: likely. It may hold work that was never merged: look before you delete.
-- blind: removals that are not logged, and what `git worktree list` says now on the machine where the sessions ran: no log tells it; sessions that end just before the log does.
-- needs: trees; the logs never say which work trees and branches are made and removed
-- text: {resource_kind} {resource_id} is left over from {session_id} ({status}); look for unmerged work before you remove it
WITH told AS (
  SELECT e.*, row_number() OVER (PARTITION BY e.resource_kind, e.resource_id ORDER BY e.ts_ns DESC, e.source_id DESC, e.source_ord DESC) AS back
  FROM events e
  WHERE e.kind = 'registry.set' AND e.resource_kind IN ('worktree', 'branch') AND e.resource_id IS NOT NULL AND e.ts_ns IS NOT NULL
),
owners AS (
  SELECT t.resource_kind, t.resource_id, t.source_id, t.session_id, t.ts_ns, t.event_id FROM told t
  WHERE t.back = 1 AND t.to_state = 'PRESENT' AND t.session_id IS NOT NULL
),
last_runs AS (
  SELECT s.*, row_number() OVER (PARTITION BY s.session_id ORDER BY s.run_no DESC) AS back FROM sessions s
)
SELECT o.source_id, o.session_id, o.resource_id, o.ts_ns, o.event_id, r.end_event_id AS prev_event_id, o.resource_kind, lower(s.status) AS status
FROM owners o
JOIN last_runs s ON s.session_id = o.session_id AND s.back = 1
JOIN runs r ON r.session_id = s.session_id AND r.run_no = s.run_no
JOIN streams t ON t.stream = r.stream
CROSS JOIN settings p
WHERE s.status IN ('ENDED', 'CRASHED', 'EXPIRED', 'SUPERSEDED', 'ORPHANED')
  AND t.log_end_ns - coalesce(s.end_ns, s.last_seen_ns) > p.grace_ns
