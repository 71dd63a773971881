{{ config(
    materialized='incremental', incremental_strategy='insert_overwrite',
    database='lake', schema='gold', partition_by='dt') }}
-- One row per Korean day: the sales that finance looks at.
SELECT
  dt,
  count_if(event = 'purchase_completed') AS purchases,
  coalesce(sum(CASE WHEN event_name = 'purchase_completed'
           THEN coalesce(amount, price * coalesce(quantity, 1), 0) END), 0) AS revenue_krw
FROM {{ source('silver', 'events') }}
{% if is_incremental() %}
WHERE dt IN ({{ var('changed_days') }})
{% endif %}
GROUP BY dt
