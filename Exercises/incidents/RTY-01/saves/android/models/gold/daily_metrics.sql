{{ config(
    materialized='incremental', incremental_strategy='insert_overwrite',
    database='lake', schema='gold', partition_by='dt') }}
-- One row per Korean day and app. A person is a device here: guests have no user_id. A purchase is worth its amount, or price x quantity.
SELECT
  dt,
  app_id,
  count(*) AS events,
  count(DISTINCT coalesce(device_id, user_id)) AS active_users,
  count_if(event_name = 'purchase_completed') AS purchases,
  coalesce(sum(CASE WHEN event_name = 'purchase_completed'
           THEN coalesce(amount, price * coalesce(quantity, 1), 0) END), 0) AS revenue_krw
FROM (
  SELECT *, row_number() OVER (
    PARTITION BY dt, CASE WHEN platform = 'android' THEN coalesce(install_id || ':' || CAST(seq AS varchar), event_id) ELSE event_id END ORDER BY received_at, event_id) AS copy
  FROM {{ source('silver', 'events') }}
  WHERE TRUE
  {% if is_incremental() %}
    AND dt IN ({{ var('changed_days') }})
  {% endif %}) t
WHERE copy = 1
GROUP BY dt, app_id
