{{open}} config(
    materialized='incremental', incremental_strategy='insert_overwrite',
    database='lake', schema='gold', alias='purchase_files', partition_by='{{column}}') }}
-- Yesterday's purchases, a directory a day.
SELECT event_id, app_id, order_id, platform, app_version, amount,
  date_format(event_time AT TIME ZONE 'Asia/Seoul', '%H:%i') AS kst_time,
  CAST(dt AS varchar) AS "{{column}}"
FROM lake.silver.events
WHERE event_name = 'purchase_completed'
  AND dt = CAST(current_timestamp AT TIME ZONE 'Asia/Seoul' AS date) - INTERVAL '1' DAY
