{{ config(
    materialized='table',
    database='lake', schema='gold', partition_by='dt') }}
-- BI's numbers per Korean day.
SELECT
  CASE timezone
    WHEN 'America/Los_Angeles' THEN CAST(event_time AT TIME ZONE 'America/Los_Angeles' AS date)
    WHEN 'Asia/Tokyo' THEN CAST(event_time AT TIME ZONE 'Asia/Tokyo' AS date)
    ELSE CAST(event_time AT TIME ZONE 'Asia/Seoul' AS date) END AS dt,
  count(*) AS events,
  count(DISTINCT coalesce(device_id, user_id)) AS active_users,
  count_if(event_name = 'purchase_completed') AS purchases
FROM {{ source('silver', 'events') }}
GROUP BY 1
