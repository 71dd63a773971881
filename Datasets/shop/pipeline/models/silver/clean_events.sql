{{ config(
    materialized='table', database='lake', schema='silver', partition_by='dt') }}
-- One row per event: typed, in won, under one name, on its day in Seoul. Bots are tagged, not gone.
SELECT
  event_id, event_name, sent_name, schema_version, app_id,
  event_time, device_time, sent_at, received_at,
  user_hash, device_id, install_id, session_id, seq,
  platform, os_version, device_model, app_version, locale, timezone, network,
  order_id, product_id, price, quantity, amount, currency, price_krw, amount_krw, payment_method,
  properties, is_bot, bot_rule, kafka_partition, kafka_offset, dt
FROM {{ ref('judged_events') }}
WHERE verdict = 'silver'
