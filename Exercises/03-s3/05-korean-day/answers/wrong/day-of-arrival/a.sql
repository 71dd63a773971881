SELECT object, line, event_id
FROM lake.bronze.events
WHERE event_name = 'purchase_completed'
  AND CAST(received_at AT TIME ZONE 'Asia/Seoul' AS date) = DATE '{{ds_kst}}'
