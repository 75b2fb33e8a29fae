-- The shop's data on its first day: the same on every machine, because every choice is drawn from a digest of what
-- it is for, and every time hangs on one fixed date. Only for an empty shop: data that is there is left alone.

-- A number from 0 to n - 1 that depends on the key alone.
CREATE OR REPLACE FUNCTION pg_temp.draw(key text, n integer) RETURNS integer LANGUAGE sql IMMUTABLE AS $$
    SELECT ('x' || substr(md5('shop ' || key), 1, 7))::bit(28)::integer % n
$$;
CREATE OR REPLACE FUNCTION pg_temp.pick(key text, choices text[]) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT choices[1 + ('x' || substr(md5('shop ' || key), 1, 7))::bit(28)::integer % cardinality(choices)]
$$;

DO $$
DECLARE
    last_day  constant timestamptz := '2026-11-01 00:00:00+00';
    days      constant integer := 90;
    customers constant integer := 1200;
    products  constant integer := 240;
    orders    constant integer := 6000;
    first_names constant text[] := '{Ada,Alan,Amina,Anton,Barbara,Carlos,Chiara,Claude,Dana,Edsger,Elif,Emil,Fatima,Frances,Grace,Hana,Hedy,Ines,Ivan,Jan,Joan,Karen,Katherine,Ken,Lars,Leslie,Linus,Lucia,Maria,Mei,Milan,Nadia,Niklaus,Noor,Olga,Omar,Pavel,Radia,Rosa,Samuel,Sofia,Tim,Tomas,Uma,Vera,Wei,Yara,Zoe}';
    last_names  constant text[] := '{Abe,Bauer,Berg,Bianchi,Castro,Chen,Costa,Dubois,Eriksen,Fischer,Garcia,Haddad,Hansen,Horvat,Ito,Ivanova,Jansen,Kaya,Keller,Kim,Kovacs,Kowalski,Larsen,Lopez,Martin,Meyer,Moreau,Nguyen,Novak,Okafor,Olsen,Patel,Pereira,Petrov,Rossi,Sato,Schmidt,Silva,Singh,Smith,Svoboda,Tanaka,Virtanen,Wagner,Weber,Yilmaz,Zhang}';
    streets     constant text[] := '{Bridge Street,Canal Road,Church Lane,Garden Row,Harbour Street,High Street,Market Square,Mill Lane,Park Avenue,Quay Street,School Road,Station Road,Tower Hill,Wood Street}';
    cities      constant text[] := '{Amsterdam NL,Athens GR,Barcelona ES,Berlin DE,Bologna IT,Brno CZ,Copenhagen DK,Dublin IE,Ghent BE,Graz AT,Hamburg DE,Helsinki FI,Krakow PL,Lisbon PT,Ljubljana SI,Lyon FR,Madrid ES,Milan IT,Munich DE,Nantes FR,Porto PT,Prague CZ,Riga LV,Rotterdam NL,Stockholm SE,Tallinn EE,Turin IT,Utrecht NL,Vienna AT,Vilnius LT,Warsaw PL,Zagreb HR}';
    categories  constant text[] := '{Audio,Books,Garden,Kitchen,Lighting,Office,Outdoor,Tools}';
    adjectives  constant text[] := '{Compact,Classic,Folding,Light,Quiet,Rugged,Slim,Smart,Solid,Steel,Wooden,Wireless}';
    -- Three nouns a category, in the order of the categories.
    nouns       constant text[] := '{Speaker,Headphones,Microphone,Atlas,Cookbook,Field Guide,Watering Can,Pruner,Planter,Kettle,Pan,Scale,Desk Lamp,Lantern,Light Strip,Chair,Notebook,Stapler,Tent,Backpack,Stove,Drill,Hammer,Wrench Set}';
BEGIN
    IF EXISTS (SELECT FROM inventory.customers) OR EXISTS (SELECT FROM inventory.products) THEN
        RETURN;
    END IF;

    INSERT INTO inventory.customers (id, email, first_name, last_name, phone, birth_date, tier, marketing_opt_in, created_at, updated_at)
    SELECT i, lower(first || '.' || replace(last, ' ', '')) || i || '@example.com', first, last,
           CASE WHEN pg_temp.draw('phone ' || i, 5) > 0 THEN '+49 30 ' || lpad(pg_temp.draw('number ' || i, 10000000)::text, 7, '0') END,
           CASE WHEN pg_temp.draw('birth ' || i, 8) > 0 THEN date '1950-01-01' + pg_temp.draw('birthday ' || i, 20000) END,
           CASE WHEN pg_temp.draw('tier ' || i, 100) < 70 THEN 'STANDARD' WHEN pg_temp.draw('tier ' || i, 100) < 92 THEN 'SILVER' ELSE 'GOLD' END,
           pg_temp.draw('opt in ' || i, 10) < 4, joined, joined
    FROM (SELECT i, pg_temp.pick('first ' || i, first_names) AS first, pg_temp.pick('last ' || i, last_names) AS last,
                 last_day - make_interval(days => 1 + pg_temp.draw('joined ' || i, days - 1), secs => pg_temp.draw('second ' || i, 72000)) AS joined
          FROM generate_series(1, customers) AS i) AS person;

    INSERT INTO inventory.products (id, sku, name, description, category, price, stock, reorder_level, weight_kg, attributes, active, created_at, updated_at)
    SELECT i, 'SKU-' || lpad(i::text, 5, '0'), adjective || ' ' || noun || ' ' || i,
           adjective || ' ' || lower(noun) || ' from the ' || lower(categories[c + 1]) || ' range',
           categories[c + 1], (399 + pg_temp.draw('price ' || i, 24900))::numeric / 100,
           20 + pg_temp.draw('stock ' || i, 480), 5 + pg_temp.draw('reorder ' || i, 20),
           (50 + pg_temp.draw('weight ' || i, 9000))::numeric / 1000,
           jsonb_build_object('color', pg_temp.pick('color ' || i, '{black,blue,green,grey,red,white}'), 'warranty_months', 12 * (1 + pg_temp.draw('warranty ' || i, 3))),
           pg_temp.draw('active ' || i, 25) > 0, last_day - make_interval(days => days), last_day - make_interval(days => days)
    FROM (SELECT i, c, pg_temp.pick('adjective ' || i, adjectives) AS adjective, nouns[1 + c * 3 + pg_temp.draw('noun ' || i, 3)] AS noun
          FROM generate_series(1, products) AS i, LATERAL (SELECT pg_temp.draw('category ' || i, 8) AS c) AS category) AS thing;

    INSERT INTO inventory.addresses (id, customer_id, kind, street, city, postal_code, country, is_default, created_at, updated_at)
    SELECT row_number() OVER (ORDER BY customer.id, kind DESC), customer.id, kind,
           pg_temp.pick('street ' || customer.id || kind, streets) || ' ' || 1 + pg_temp.draw('house ' || customer.id || kind, 120),
           left(place, -3), lpad(pg_temp.draw('post ' || customer.id || kind, 99999)::text, 5, '0'), right(place, 2), true, customer.created_at, customer.created_at
    FROM inventory.customers AS customer
    CROSS JOIN unnest('{SHIPPING,BILLING}'::text[]) AS kind
    CROSS JOIN LATERAL (SELECT pg_temp.pick('city ' || customer.id || kind, cities) AS place) AS town
    WHERE kind = 'SHIPPING' OR pg_temp.draw('billing ' || customer.id, 2) = 0;

    -- The items come first: an order's total is their sum. One to five items, each another product.
    CREATE TEMPORARY TABLE item ON COMMIT DROP AS
    SELECT o AS order_id, product.id AS product_id, 1 + pg_temp.draw('quantity ' || o || ' ' || k, 3) AS quantity, product.price AS unit_price
    FROM generate_series(1, orders) AS o
    CROSS JOIN LATERAL generate_series(0, pg_temp.draw('items ' || o, 5)) AS k
    JOIN inventory.products AS product ON product.id = 1 + (pg_temp.draw('product ' || o, products) + k * 47) % products;

    -- Later orders are younger; an order is never older than its customer.
    INSERT INTO inventory.orders (id, customer_id, shipping_address_id, status, total_amount, note, order_time, created_at, updated_at)
    SELECT o, customer.id, address.id,
           CASE WHEN chance < 6 THEN 'CANCELLED' WHEN placed < last_day - interval '10 days' THEN 'DELIVERED'
                WHEN placed < last_day - interval '4 days' THEN 'SHIPPED' WHEN chance < 60 THEN 'PAID' ELSE 'PENDING' END,
           total,
           CASE WHEN pg_temp.draw('note ' || o, 12) = 0 THEN pg_temp.pick('text ' || o, '{Leave with the neighbour,Ring twice,Gift wrap,Deliver after 18h}') END,
           placed, placed, placed
    FROM (SELECT order_id AS o, sum(quantity * unit_price) AS total FROM item GROUP BY order_id) AS basket
    JOIN inventory.customers AS customer ON customer.id = 1 + pg_temp.draw('buyer ' || o, customers)
    JOIN inventory.addresses AS address ON address.customer_id = customer.id AND address.kind = 'SHIPPING'
    CROSS JOIN LATERAL (SELECT pg_temp.draw('status ' || o, 100) AS chance,
        greatest(customer.created_at, last_day - make_interval(secs => (days * 86400.0 * (orders - o) / orders)::integer)) AS placed) AS fate;

    INSERT INTO inventory.order_items (id, order_id, product_id, quantity, unit_price, created_at, updated_at)
    SELECT row_number() OVER (ORDER BY item.order_id, item.product_id), item.order_id, item.product_id, item.quantity, item.unit_price, placed.order_time, placed.order_time
    FROM item JOIN inventory.orders AS placed ON placed.id = item.order_id;

    -- A visit on the day of sign-up; afterwards the chance of one falls from 45 % a day towards a faithful 4 %.
    INSERT INTO inventory.user_activity (id, user_id, session_id, activity, signup_time, activity_time, duration_s)
    SELECT row_number() OVER (ORDER BY visit, customer.id), customer.id, md5('session ' || customer.id || ' ' || day)::uuid,
           CASE WHEN day = 0 THEN 'SIGNUP' ELSE pg_temp.pick('activity ' || customer.id || ' ' || day, '{BROWSE,BROWSE,BROWSE,SEARCH,SEARCH,CART,PURCHASE}') END,
           customer.created_at, visit, 20 + pg_temp.draw('duration ' || customer.id || ' ' || day, 1800)
    FROM inventory.customers AS customer
    CROSS JOIN generate_series(0, days) AS day
    CROSS JOIN LATERAL (SELECT customer.created_at + make_interval(days => day, secs => CASE WHEN day = 0 THEN 0 ELSE pg_temp.draw('clock ' || customer.id || ' ' || day, 14400) END) AS visit) AS moment
    WHERE visit < last_day
      AND (day = 0 OR pg_temp.draw('visit ' || customer.id || ' ' || day, 1000) < greatest(40, 450 * exp(-day / 12.0)));

    PERFORM setval(pg_get_serial_sequence('inventory.customers', 'id'), (SELECT max(id) FROM inventory.customers)),
            setval(pg_get_serial_sequence('inventory.products', 'id'), (SELECT max(id) FROM inventory.products)),
            setval(pg_get_serial_sequence('inventory.addresses', 'id'), (SELECT max(id) FROM inventory.addresses)),
            setval(pg_get_serial_sequence('inventory.orders', 'id'), (SELECT max(id) FROM inventory.orders)),
            setval(pg_get_serial_sequence('inventory.order_items', 'id'), (SELECT max(id) FROM inventory.order_items)),
            setval(pg_get_serial_sequence('inventory.user_activity', 'id'), (SELECT max(id) FROM inventory.user_activity));
END
$$;

ANALYZE inventory.customers, inventory.products, inventory.addresses, inventory.orders, inventory.order_items, inventory.user_activity;
