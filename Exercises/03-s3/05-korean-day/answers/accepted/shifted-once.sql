-- Nine hours are added once, in UTC, and no zone is named: Korea has no daylight saving.
SELECT object, line, event_id
FROM lake.bronze.events
WHERE event_name = 'purchase_completed'
  AND received_at >= date_add('hour', -9, CAST(DATE '{{ds_kst}}' AS timestamp(3) with time zone))
  AND received_at < date_add('hour', -7, CAST(DATE '{{ds_next}}' AS timestamp(3) with time zone))
  AND date(from_iso8601_timestamp(json_extract_scalar(json, '$.event_time')) + INTERVAL '9' HOUR) = DATE '{{ds_kst}}'
