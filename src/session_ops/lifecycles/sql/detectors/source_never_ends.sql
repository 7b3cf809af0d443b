-- source_never_ends: a source that logs sessions but (almost) never their ends; then no missing end is a finding of its own.
-- severity: gap
-- confidence: proven. Counted over all sessions of the stream.
-- blind: fewer than 5 sessions.
-- text: {n_ended} of {n_sessions} sessions have an end: this source does not log ends, so a missing end says nothing about a session
SELECT t.source_id, NULL AS session_id, NULL AS resource_id, t.log_end_ns AS ts_ns, NULL AS event_id, t.n_ended, t.n_sessions
FROM streams t
WHERE NOT t.logs_end AND t.n_sessions >= 5 AND t.n_ended * 20 < t.n_sessions
