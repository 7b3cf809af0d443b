-- transitions: which changes of state does the model allow? A format may allow more (facts.transitions), then format_id names it.
-- ENDED and CRASHED lead back to ACTIVE by a new run only; EXPIRED is for ever.
CREATE TABLE transitions AS
SELECT CAST(NULL AS VARCHAR) AS format_id, from_state, to_state
FROM (VALUES
  ('NONE', 'REGISTERED'), ('NONE', 'ACTIVE'), ('REGISTERED', 'ACTIVE'),
  ('ACTIVE', 'IDLE'), ('IDLE', 'ACTIVE'), ('ACTIVE', 'WAITING'), ('WAITING', 'ACTIVE'),
  ('ACTIVE', 'PAUSED'), ('PAUSED', 'ACTIVE'), ('IDLE', 'PAUSED'), ('PAUSED', 'IDLE'), ('ACTIVE', 'HANDING_OVER'),
  ('REGISTERED', 'ENDED'), ('ACTIVE', 'ENDED'), ('IDLE', 'ENDED'), ('WAITING', 'ENDED'), ('PAUSED', 'ENDED'), ('HANDING_OVER', 'ENDED'),
  ('REGISTERED', 'CRASHED'), ('ACTIVE', 'CRASHED'), ('IDLE', 'CRASHED'), ('WAITING', 'CRASHED'), ('PAUSED', 'CRASHED'),
  ('HANDING_OVER', 'CRASHED'),
  ('REGISTERED', 'EXPIRED'), ('ACTIVE', 'EXPIRED'), ('IDLE', 'EXPIRED'), ('WAITING', 'EXPIRED'), ('PAUSED', 'EXPIRED'),
  ('HANDING_OVER', 'EXPIRED'),
  ('REGISTERED', 'SUPERSEDED'), ('ACTIVE', 'SUPERSEDED'), ('IDLE', 'SUPERSEDED'), ('WAITING', 'SUPERSEDED'), ('PAUSED', 'SUPERSEDED'),
  ('HANDING_OVER', 'SUPERSEDED'),
  ('ENDED', 'ACTIVE'), ('CRASHED', 'ACTIVE')
) AS allowed(from_state, to_state)
UNION ALL
SELECT format_id, from_state, to_state FROM own_transitions
