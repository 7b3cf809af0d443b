-- kept: which of these events count? A fact that several sources tell counts once, by the best word for that part of the session's life.
CREATE VIEW kept AS
SELECT t.*
FROM told t
LEFT JOIN (
  SELECT session_id, part, min(word) AS word
  FROM told WHERE session_id IN (SELECT session_id FROM told WHERE word > 1)
  GROUP BY session_id, part HAVING min(word) < max(word)
) b ON b.session_id = t.session_id AND b.part = t.part
WHERE b.word IS NULL OR b.word = t.word
