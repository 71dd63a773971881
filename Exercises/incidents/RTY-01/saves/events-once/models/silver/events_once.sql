{{ config(
    materialized='incremental', incremental_strategy='insert_overwrite',
    database='lake', schema='gold', partition_by='dt') }}
-- silver.events without what was sent again under another event_id: one per install_id and seq.
SELECT event_id, event_name, app_id, event_time, user_id, device_id, order_id, product_id, price,
  quantity, amount, currency, payment_method, dt
FROM (
  SELECT *, row_number() OVER (
    PARTITION BY dt, coalesce(install_id || ':' || CAST(seq AS varchar), event_id)
    ORDER BY received_at, event_id) AS copy
  FROM {{ source('silver', 'events') }}
  {% if is_incremental() %}
  WHERE dt IN ({{ var('changed_days') }})
  {% endif %}) t
WHERE copy = 1
