-- Modify "case_events" table
ALTER TABLE "case_events" ADD COLUMN "action" character varying NULL;
-- Create index "caseevent_created_at" to table: "case_events"
CREATE INDEX "caseevent_created_at" ON "case_events" ("created_at");
-- Create "case_supporters" table
CREATE TABLE "case_supporters" ("id" character varying NOT NULL, "created_at" timestamptz NOT NULL, "city_case_id" character varying NOT NULL, "person_id" character varying NOT NULL, PRIMARY KEY ("id"));
-- Create index "casesupporter_city_case_id_person_id" to table: "case_supporters"
CREATE UNIQUE INDEX "casesupporter_city_case_id_person_id" ON "case_supporters" ("city_case_id", "person_id");
-- Create index "casesupporter_person_id" to table: "case_supporters"
CREATE INDEX "casesupporter_person_id" ON "case_supporters" ("person_id");
-- Modify "case_categories" table
ALTER TABLE "case_categories" ADD COLUMN "form" jsonb NULL;
-- Create "city_facilities" table
CREATE TABLE "city_facilities" ("id" character varying NOT NULL, "created_at" timestamptz NOT NULL, "updated_at" timestamptz NOT NULL, "lat" double precision NOT NULL, "lng" double precision NOT NULL, "code" character varying NOT NULL, "state" character varying NOT NULL DEFAULT 'IN_SERVICE', "address" character varying NOT NULL DEFAULT '', "category_id" character varying NOT NULL, "district_id" character varying NOT NULL, "street_id" character varying NOT NULL, PRIMARY KEY ("id"), CONSTRAINT "city_facilities_case_categories_category" FOREIGN KEY ("category_id") REFERENCES "case_categories" ("id") ON UPDATE NO ACTION ON DELETE NO ACTION, CONSTRAINT "city_facilities_districts_district" FOREIGN KEY ("district_id") REFERENCES "districts" ("id") ON UPDATE NO ACTION ON DELETE NO ACTION, CONSTRAINT "city_facilities_streets_street" FOREIGN KEY ("street_id") REFERENCES "streets" ("id") ON UPDATE NO ACTION ON DELETE NO ACTION);
-- Create index "city_facilities_code_key" to table: "city_facilities"
CREATE UNIQUE INDEX "city_facilities_code_key" ON "city_facilities" ("code");
-- Modify "city_cases" table
ALTER TABLE "city_cases" DROP CONSTRAINT "city_cases_people_reporter", ALTER COLUMN "reporter_id" DROP NOT NULL, ADD COLUMN "kind" character varying NULL, ADD COLUMN "attributes" jsonb NULL, ADD COLUMN "cell" bigint NULL, ADD COLUMN "visibility" character varying NOT NULL DEFAULT 'PUBLIC', ADD COLUMN "published" boolean NOT NULL DEFAULT false, ADD COLUMN "supporters" bigint NOT NULL DEFAULT 0, ADD COLUMN "unit" character varying NULL, ADD COLUMN "assignee_id" character varying NULL, ADD COLUMN "resolver_id" character varying NULL, ADD COLUMN "rework_count" bigint NOT NULL DEFAULT 0, ADD COLUMN "reopen_count" bigint NOT NULL DEFAULT 0, ADD COLUMN "rating" bigint NULL, ADD COLUMN "stopped_at" timestamptz NULL, ADD COLUMN "closed_at" timestamptz NULL, ADD COLUMN "open_seconds" bigint NULL, ADD COLUMN "escalation" bigint NOT NULL DEFAULT 0, ADD COLUMN "duplicate_of_id" character varying NULL, ADD COLUMN "facility_id" character varying NULL, ADD CONSTRAINT "city_cases_people_reporter" FOREIGN KEY ("reporter_id") REFERENCES "people" ("id") ON UPDATE NO ACTION ON DELETE SET NULL, ADD CONSTRAINT "city_cases_city_cases_duplicates" FOREIGN KEY ("duplicate_of_id") REFERENCES "city_cases" ("id") ON UPDATE NO ACTION ON DELETE SET NULL, ADD CONSTRAINT "city_cases_city_facilities_cases" FOREIGN KEY ("facility_id") REFERENCES "city_facilities" ("id") ON UPDATE NO ACTION ON DELETE SET NULL;
-- Give each case its kind and its cell in the grid of maps; what is overdue already is not told again
WITH s0 AS (SELECT id, floor((lng + 180) * 46600)::bigint AS x, floor((lat + 90) * 53950)::bigint AS y FROM city_cases), s1 AS (SELECT id, (x | (x << 16)) & 281470681808895 AS x, (y | (y << 16)) & 281470681808895 AS y FROM s0), s2 AS (SELECT id, (x | (x << 8)) & 71777214294589695 AS x, (y | (y << 8)) & 71777214294589695 AS y FROM s1), s3 AS (SELECT id, (x | (x << 4)) & 1085102592571150095 AS x, (y | (y << 4)) & 1085102592571150095 AS y FROM s2), s4 AS (SELECT id, (x | (x << 2)) & 3689348814741910323 AS x, (y | (y << 2)) & 3689348814741910323 AS y FROM s3), s5 AS (SELECT id, (x | (x << 1)) & 6148914691236517205 AS x, (y | (y << 1)) & 6148914691236517205 AS y FROM s4) UPDATE city_cases c SET kind = k.kind, cell = s5.x | (s5.y << 1), published = c.status = 'ACCEPTED', escalation = CASE WHEN c.due_at < now() THEN 2 ELSE 0 END FROM case_categories k, s5 WHERE k.id = c.category_id AND s5.id = c.id;
-- Require them
ALTER TABLE "city_cases" ALTER COLUMN "kind" SET NOT NULL, ALTER COLUMN "cell" SET NOT NULL;
-- Create index "citycase_assignee_id_id" to table: "city_cases"
CREATE INDEX "citycase_assignee_id_id" ON "city_cases" ("assignee_id", "id");
-- Create index "citycase_cell_published_lat_lng_id" to table: "city_cases"
CREATE INDEX "citycase_cell_published_lat_lng_id" ON "city_cases" ("cell", "published", "lat", "lng", "id");
-- Create index "citycase_closed_at" to table: "city_cases"
CREATE INDEX "citycase_closed_at" ON "city_cases" ("closed_at");
-- Create index "citycase_escalation_due_at" to table: "city_cases"
CREATE INDEX "citycase_escalation_due_at" ON "city_cases" ("escalation", "due_at");
-- Create index "citycase_facility_id_id" to table: "city_cases"
CREATE INDEX "citycase_facility_id_id" ON "city_cases" ("facility_id", "id");
-- Create "sensor_alarms" table
CREATE TABLE "sensor_alarms" ("id" character varying NOT NULL, "created_at" timestamptz NOT NULL, "alarm_key" character varying NOT NULL, "raised_at" timestamptz NOT NULL, "note" character varying NOT NULL DEFAULT '', "district_id" character varying NOT NULL, "facility_id" character varying NOT NULL, "city_case_id" character varying NOT NULL, PRIMARY KEY ("id"), CONSTRAINT "sensor_alarms_city_cases_city_case" FOREIGN KEY ("city_case_id") REFERENCES "city_cases" ("id") ON UPDATE NO ACTION ON DELETE NO ACTION, CONSTRAINT "sensor_alarms_city_facilities_facility" FOREIGN KEY ("facility_id") REFERENCES "city_facilities" ("id") ON UPDATE NO ACTION ON DELETE NO ACTION);
-- Create index "sensor_alarms_alarm_key_key" to table: "sensor_alarms"
CREATE UNIQUE INDEX "sensor_alarms_alarm_key_key" ON "sensor_alarms" ("alarm_key");
-- Create index "sensoralarm_city_case_id_id" to table: "sensor_alarms"
CREATE INDEX "sensoralarm_city_case_id_id" ON "sensor_alarms" ("city_case_id", "id");
