-- The first row of each key, over all days; the day is chosen afterwards.
WITH copies AS (
  SELECT event_id, received_at,
    row_number() OVER (
      PARTITION BY CASE WHEN seq IS NULL OR install_id IS NULL THEN event_id
        ELSE concat(install_id, '/', CAST(seq AS varchar)) END
      ORDER BY received_at, event_id) AS n
  FROM lake.silver.events
  WHERE event_name = 'add_to_cart'
)
SELECT event_id, received_at
FROM copies
WHERE n = 1
  AND received_at >= TIMESTAMP '{{ds_kst}} 00:00:00 Asia/Seoul'
  AND received_at < TIMESTAMP '{{ds_next}} 00:00:00 Asia/Seoul'
