SELECT object, line, event_id
FROM lake.bronze.events
WHERE event_name = 'purchase_completed'
  AND ((object LIKE '%day=' || date_format(date_add('day', -1, DATE '{{ds_kst}}'), '%d') || '/%' AND regexp_extract(object, 'hour=(\d+)', 1) >= '15')
    OR (object LIKE '%day=' || date_format(DATE '{{ds_kst}}', '%d') || '/%' AND regexp_extract(object, 'hour=(\d+)', 1) < '17'))
  AND CAST(from_iso8601_timestamp(json_extract_scalar(json, '$.event_time')) AT TIME ZONE 'Asia/Seoul' AS date) = DATE '{{ds_kst}}'
