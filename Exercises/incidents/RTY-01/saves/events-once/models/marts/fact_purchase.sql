{{ config(
    materialized='incremental', incremental_strategy='insert_overwrite',
    database='warehouse', schema='mart', partition_by='dt') }}
-- One row per completed purchase.
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
FROM {{ ref('events_once') }}
WHERE event_name = 'purchase_completed'
{% if is_incremental() %}
  AND dt IN ({{ var('changed_days') }})
{% endif %}
