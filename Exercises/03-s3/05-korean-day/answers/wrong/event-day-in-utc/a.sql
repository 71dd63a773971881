SELECT object, line, event_id
FROM lake.bronze.events
WHERE event_name = 'purchase_completed'
  AND received_at >= TIMESTAMP '{{ds_kst}} 00:00:00 Asia/Seoul'
  AND received_at < TIMESTAMP '{{ds_next}} 02:00:00 Asia/Seoul'
  AND CAST(from_iso8601_timestamp(json_extract_scalar(json, '$.event_time')) AT TIME ZONE 'UTC' AS date) = DATE '{{ds_kst}}'
