-- Create "case_photos" table
CREATE TABLE "case_photos" ("id" character varying NOT NULL, "created_at" timestamptz NOT NULL, "purpose" character varying NOT NULL, "width" bigint NOT NULL, "height" bigint NOT NULL, "blur_hash" character varying NOT NULL, "size_bytes" bigint NOT NULL, "file" character varying NOT NULL, "data_key" bytea NOT NULL, "uploader_id" character varying NOT NULL, "case_event_id" character varying NULL, "city_case_id" character varying NULL, PRIMARY KEY ("id"), CONSTRAINT "case_photos_case_events_photos" FOREIGN KEY ("case_event_id") REFERENCES "case_events" ("id") ON UPDATE NO ACTION ON DELETE SET NULL, CONSTRAINT "case_photos_city_cases_photos" FOREIGN KEY ("city_case_id") REFERENCES "city_cases" ("id") ON UPDATE NO ACTION ON DELETE SET NULL);
-- Create index "case_photos_file_key" to table: "case_photos"
CREATE UNIQUE INDEX "case_photos_file_key" ON "case_photos" ("file");
-- Create index "casephoto_case_event_id_id" to table: "case_photos"
CREATE INDEX "casephoto_case_event_id_id" ON "case_photos" ("case_event_id", "id");
-- Create index "casephoto_city_case_id_id" to table: "case_photos"
CREATE INDEX "casephoto_city_case_id_id" ON "case_photos" ("city_case_id", "id");
-- Create index "casephoto_uploader_id_city_case_id" to table: "case_photos"
CREATE INDEX "casephoto_uploader_id_city_case_id" ON "case_photos" ("uploader_id", "city_case_id");
