-- Nine hours are added once, in UTC, and no zone is named: Korea has no daylight saving.
SELECT object, line, event_id
FROM lake.bronze.events
WHERE event_name = 'purchase_completed'
  AND received_at >= date_add('hour', -9, with_timezone(TIMESTAMP '{{ds_kst}} 00:00:00', 'UTC'))
  AND received_at < date_add('hour', -7, with_timezone(TIMESTAMP '{{ds_next}} 00:00:00', 'UTC'))
  AND date((from_iso8601_timestamp(json_extract_scalar(json, '$.event_time')) AT TIME ZONE 'UTC') + INTERVAL '9' HOUR) = DATE '{{ds_kst}}'
