{{ config(
    materialized='table', database='lake', schema='silver', partition_by='dt') }}
-- Lines that are no valid events, as they came, with the first thing that is wrong and their address.
-- dt is the day in Seoul on which a line arrived: its own time may be what is wrong.
SELECT reason, json, event_id, event_name, app_version, object, line, kafka_partition, kafka_offset, dt
FROM {{ ref('judged_events') }}
WHERE verdict = 'quarantine'
