-- The hours of the keys as text, which sort as time does; the event's day as a span of moments.
WITH read AS (
  SELECT object, line, event_id, from_iso8601_timestamp(json_extract_scalar(json, '$.event_time')) AT TIME ZONE 'UTC' AS happened
  FROM lake.bronze.events
  WHERE event_name = 'purchase_completed'
    AND regexp_extract(object, 'year=.*/hour=[0-9]+') >= date_format(
      TIMESTAMP '{{ds_kst}} 00:00:00 Asia/Seoul' AT TIME ZONE 'UTC', 'year=%Y/month=%m/day=%d/hour=%H')
    AND regexp_extract(object, 'year=.*/hour=[0-9]+') < date_format(
      TIMESTAMP '{{ds_next}} 02:00:00 Asia/Seoul' AT TIME ZONE 'UTC', 'year=%Y/month=%m/day=%d/hour=%H')
)
SELECT object, line, event_id
FROM read
WHERE happened >= TIMESTAMP '{{ds_kst}} 00:00:00 Asia/Seoul'
  AND happened < TIMESTAMP '{{ds_next}} 00:00:00 Asia/Seoul'
