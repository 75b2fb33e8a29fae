-- What is published is the whole schema: a table that is made later is captured without anyone's help.
-- The publication is made here and not by the connector, whose role would have to own the tables for that.

SELECT set_config('dataflow.publication', :'publication', true);

DO $$
DECLARE
    name constant text := current_setting('dataflow.publication');
BEGIN
    IF NOT EXISTS (SELECT FROM pg_publication WHERE pubname = name) THEN
        EXECUTE format('CREATE PUBLICATION %I FOR TABLES IN SCHEMA inventory WITH (publish_via_partition_root = true)', name);
    ELSIF NOT EXISTS (SELECT FROM pg_publication WHERE pubname = name AND puballtables)
      AND NOT EXISTS (SELECT FROM pg_publication_namespace AS part JOIN pg_publication AS whole ON whole.oid = part.pnpubid
                      WHERE whole.pubname = name AND part.pnnspid = 'inventory'::regnamespace) THEN
        EXECUTE format('ALTER PUBLICATION %I ADD TABLES IN SCHEMA inventory', name);
    END IF;
END
$$;
