{{open}} config(
    materialized='incremental', incremental_strategy='insert_overwrite',
    database='lake', schema='gold', alias='purchases_2023') }}
-- The closed year: one partition, kept apart.
SELECT event_id,
  json_extract_scalar(json, '$.app_id') AS app_id,
  json_extract_scalar(json, '$.properties.order_id') AS order_id,
  json_extract_scalar(json, '$.platform') AS platform,
  json_extract_scalar(json, '$.app_version') AS app_version,
  CAST(json_extract_scalar(json, '$.properties.amount') AS bigint) AS amount,
  date_format(from_iso8601_timestamp(json_extract_scalar(json, '$.event_time')) AT TIME ZONE 'Asia/Seoul', '%H:%i')
    AS kst_time
FROM lake.archive.events
WHERE event_name = 'purchase_completed' AND object LIKE '%/year=2023/%'
