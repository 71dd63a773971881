{{ config(
    materialized='incremental', incremental_strategy='insert_overwrite',
    database='lake', schema='gold', partition_by='dt') }}
-- BI's numbers per Korean day.
SELECT
  dt AS dt,
  count(*) AS events,
  count(DISTINCT coalesce(device_id, user_id)) AS active_users,
  count_if(event_name = 'purchase_completed') AS purchases
FROM {{ source('silver', 'events') }}
{% if is_incremental() %}
WHERE dt IN ({{ var('changed_days') }})
{% endif %}
GROUP BY dt
