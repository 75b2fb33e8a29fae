-- Who may come in from the pipeline, each with the least that its work needs.

DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'debezium') THEN
        CREATE ROLE debezium;
    END IF;
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'reader') THEN
        CREATE ROLE reader;
    END IF;
    -- A database lets everybody in by default; the two say by name that they may.
    EXECUTE format('GRANT CONNECT ON DATABASE %I TO debezium, reader', current_database());
END
$$;

-- Change data capture: the replication stream, and SELECT for the first snapshot.
ALTER ROLE debezium LOGIN REPLICATION NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS PASSWORD :'debezium_password';
GRANT USAGE ON SCHEMA inventory TO debezium;
GRANT SELECT ON ALL TABLES IN SCHEMA inventory TO debezium;
ALTER DEFAULT PRIVILEGES IN SCHEMA inventory GRANT SELECT ON TABLES TO debezium;

-- Queries on the source next to the lake, and nothing that writes.
ALTER ROLE reader LOGIN NOREPLICATION NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS PASSWORD :'reader_password';
ALTER ROLE reader SET default_transaction_read_only = on;
GRANT USAGE ON SCHEMA inventory TO reader;
GRANT SELECT ON ALL TABLES IN SCHEMA inventory TO reader;
ALTER DEFAULT PRIVILEGES IN SCHEMA inventory GRANT SELECT ON TABLES TO reader;
