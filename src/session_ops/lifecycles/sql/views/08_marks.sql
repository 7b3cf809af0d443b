-- marks: the starts and ends of each session in order, and what the one before was. A start after an end begins the next run.
CREATE TABLE marks AS
SELECT source_id, source_ord, part,
  lag(part) OVER (PARTITION BY session_id ORDER BY ts_ns, source_id, source_ord) AS prev_mark
FROM kept WHERE part <> 'other'
