{{open}} config(
    materialized='table',
    database='lake', schema='gold', partition_by='dt') }}
-- Finance's sales per Korean day, from the shop's orders.
-- What comes from a database is in UTC: Korea is nine hours ahead.
SELECT
  CAST(paid_at + INTERVAL '9' HOUR AS date) AS dt,
  count(*) AS orders,
  sum(amount_krw) AS revenue_krw
FROM {{open}} source('shop', 'orders') }}
WHERE paid_at IS NOT NULL
GROUP BY 1
