{{open}} config(
    materialized='table',
    database='lake', schema='gold', partition_by='dt') }}
-- The app team's users per Korean day.
SELECT dt, count(DISTINCT coalesce(device_id, user_id)) AS active_users
FROM {{open}} source('silver', 'events') }}
GROUP BY dt
