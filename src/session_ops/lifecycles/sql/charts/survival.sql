-- survival: which share of the sessions lasts longer than so many seconds? Kaplan and Meier's estimate with Greenwood's variance.
-- What is not known to have ended by itself (open, silent, superseded, ended by a reaper) is censored: it counts as long as it was seen.
-- Sessions whose start was not logged are left out, unless no start was logged at all: then all count from their first event.
WITH lengths AS (
  SELECT coalesce(s.end_ns, s.last_seen_ns) - s.start_ns AS ns, s.status IN ('ENDED', 'CRASHED') AS ended, s.start_known, EXISTS (
      SELECT 1 FROM anomalies a WHERE a.session_id = s.session_id AND NOT a.undecidable
    ) AS wrong
  FROM sessions s
),
used AS (
  SELECT * FROM lengths WHERE ns >= 0 AND (start_known OR NOT EXISTS (SELECT 1 FROM lengths WHERE start_known))
),
steps AS (
  SELECT ns, count(*) AS n, count(CASE WHEN ended THEN 1 END) AS ended, count(CASE WHEN NOT ended THEN 1 END) AS censored,
    count(CASE WHEN wrong THEN 1 END) AS with_anomaly
  FROM used GROUP BY ns
),
risk AS (
  SELECT *, CAST(sum(n) OVER (ORDER BY ns DESC ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS BIGINT) AS at_risk FROM steps
)
SELECT ns / 1e9 AS seconds, at_risk, ended, censored, with_anomaly,
  product(1 - ended / at_risk) OVER before AS share,
  sum(CASE WHEN at_risk > ended THEN ended / (at_risk * (at_risk - ended)) ELSE 0 END) OVER before AS variance
FROM risk
WINDOW before AS (ORDER BY ns ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)
ORDER BY ns
