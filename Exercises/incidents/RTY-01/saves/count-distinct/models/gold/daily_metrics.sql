{{ config(
    materialized='incremental', incremental_strategy='insert_overwrite',
    database='lake', schema='gold', partition_by='dt') }}
-- One row per Korean day and app. A person is a device here: guests have no user_id. A purchase is worth its amount, or price x quantity.
SELECT
  dt,
  app_id,
  count(*) AS events,
  count(DISTINCT coalesce(device_id, user_id)) AS active_users,
  count(DISTINCT CASE WHEN event_name = 'purchase_completed' THEN order_id END) AS purchases,
  coalesce(sum(CASE WHEN event_name = 'purchase_completed'
           THEN coalesce(amount, price * coalesce(quantity, 1), 0) END), 0) AS revenue_krw
FROM {{ source('silver', 'events') }}
{% if is_incremental() %}
WHERE dt IN ({{ var('changed_days') }})
{% endif %}
GROUP BY dt, app_id
