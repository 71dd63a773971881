{{ config(
    materialized='incremental', incremental_strategy='insert_overwrite',
    database='warehouse', schema='mart', partition_by='dt') }}
-- One row per order.
SELECT
  event_id,
  order_id,
  event_time AS purchased_at,
  app_id,
  user_id,
  device_id,
  product_id,
  coalesce(quantity, 1) AS quantity,
  coalesce(amount, price * coalesce(quantity, 1), 0) AS amount_krw,
  currency,
  payment_method,
  now() AS loaded_at,
  dt
FROM (
  SELECT *, row_number() OVER (
    PARTITION BY dt, CASE WHEN platform = 'android' THEN coalesce(install_id || ':' || CAST(seq AS varchar), event_id) ELSE event_id END ORDER BY received_at, event_id) AS copy
  FROM {{ source('silver', 'events') }}
  WHERE event_name = 'purchase_completed'
  {% if is_incremental() %}
    AND dt IN ({{ var('changed_days') }})
  {% endif %}) t
WHERE copy = 1
