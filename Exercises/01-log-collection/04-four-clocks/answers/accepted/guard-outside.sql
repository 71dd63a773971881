-- The formula stands once; what lies between the bounds is kept.
WITH corrected AS (
  SELECT event_id, received_at, received_at - (sent_at - device_time) AS ts
  FROM lake.silver.events
  WHERE event_name = 'purchase_completed'
    AND date(received_at AT TIME ZONE 'Asia/Seoul') = DATE '{{ds_kst}}'
), judged AS (
  SELECT event_id,
    CASE
      WHEN ts BETWEEN received_at - INTERVAL '30' DAY AND received_at + INTERVAL '5' MINUTE THEN ts
    END AS event_ts
  FROM corrected
)
SELECT event_id, event_ts, date(event_ts AT TIME ZONE 'Asia/Seoul') AS dt
FROM judged
