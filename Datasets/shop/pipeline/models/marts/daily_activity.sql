{{ config(
    materialized='incremental', incremental_strategy='insert_overwrite',
    database='warehouse', schema='mart', partition_by='dt') }}
-- The daily numbers, loaded from Gold.
SELECT
  app_id,
  events,
  active_users,
  purchases,
  revenue_krw,
  now() AS loaded_at,
  dt
FROM {{ ref('daily_metrics') }}
{% if is_incremental() %}
WHERE dt IN ({{ var('changed_days') }})
{% endif %}
