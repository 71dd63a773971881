{{ config(
    materialized='table',
    database='lake', schema='gold', partition_by='dt') }}
-- BI's numbers per Korean day.
SELECT
  CAST(event_time AT TIME ZONE 'Asia/Seoul' AS date) AS dt,
  count(*) AS events,
  count(DISTINCT coalesce(device_id, user_id)) AS active_users,
  count_if(event_name = 'purchase_completed') AS purchases
FROM {{ source('silver', 'events') }}
GROUP BY 1
