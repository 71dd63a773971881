{{ config(
    materialized='incremental', incremental_strategy='insert_overwrite',
    database='lake', schema='gold', alias='input_late', partition_by='dt') }}
-- It is there.
SELECT 2 AS uploads, dt FROM lake.gold.input_late
WHERE EXISTS (SELECT 1 FROM {{ ref('daily_history') }})
