-- In milliseconds, and by the error of the clock.
SELECT event_id,
  IF(ms > 300000 OR ms < -2592000000, NULL, date_add('millisecond', ms, received_at)) AS event_ts,
  IF(ms > 300000 OR ms < -2592000000, NULL,
    CAST(date_add('millisecond', ms, received_at) AT TIME ZONE 'Asia/Seoul' AS date)) AS dt
FROM (
  SELECT event_id, received_at, -date_diff('millisecond', device_time, sent_at) AS ms
  FROM lake.silver.events
  WHERE event_name = 'purchase_completed'
    AND received_at >= TIMESTAMP '{{ds_kst}} 00:00:00 Asia/Seoul'
    AND received_at < TIMESTAMP '{{ds_next}} 00:00:00 Asia/Seoul') d;
