-- Create "bureau_notices" table
CREATE TABLE "bureau_notices" ("id" character varying NOT NULL, "created_at" timestamptz NOT NULL, "updated_at" timestamptz NOT NULL, "author_id" character varying NOT NULL, "district_ids" jsonb NOT NULL, "title" character varying NOT NULL, "body" character varying NOT NULL, "urgency" character varying NOT NULL DEFAULT 'NORMAL', "acknowledgement" character varying NOT NULL DEFAULT 'NONE', "due_at" timestamptz NULL, "status" character varying NOT NULL DEFAULT 'PUBLISHED', "retracted_at" timestamptz NULL, PRIMARY KEY ("id"));
-- Modify "announcements" table
ALTER TABLE "announcements" ADD COLUMN "bureau_notice_id" character varying NULL, ADD CONSTRAINT "announcements_bureau_notices_announcements" FOREIGN KEY ("bureau_notice_id") REFERENCES "bureau_notices" ("id") ON UPDATE NO ACTION ON DELETE SET NULL;
-- Create index "announcement_bureau_notice_id_school_id" to table: "announcements"
CREATE UNIQUE INDEX "announcement_bureau_notice_id_school_id" ON "announcements" ("bureau_notice_id", "school_id");
-- Create "threads" table
CREATE TABLE "threads" ("id" character varying NOT NULL, "created_at" timestamptz NOT NULL, "last_seq" bigint NOT NULL DEFAULT 0, "last_message_at" timestamptz NULL, "school_id" character varying NOT NULL, "teacher_id" character varying NOT NULL, "student_id" character varying NOT NULL, PRIMARY KEY ("id"), CONSTRAINT "threads_people_student" FOREIGN KEY ("student_id") REFERENCES "people" ("id") ON UPDATE NO ACTION ON DELETE NO ACTION, CONSTRAINT "threads_people_teacher" FOREIGN KEY ("teacher_id") REFERENCES "people" ("id") ON UPDATE NO ACTION ON DELETE NO ACTION, CONSTRAINT "threads_schools_school" FOREIGN KEY ("school_id") REFERENCES "schools" ("id") ON UPDATE NO ACTION ON DELETE NO ACTION);
-- Create index "thread_student_id_last_message_at" to table: "threads"
CREATE INDEX "thread_student_id_last_message_at" ON "threads" ("student_id", "last_message_at");
-- Create index "thread_teacher_id_last_message_at" to table: "threads"
CREATE INDEX "thread_teacher_id_last_message_at" ON "threads" ("teacher_id", "last_message_at");
-- Create index "thread_teacher_id_student_id" to table: "threads"
CREATE UNIQUE INDEX "thread_teacher_id_student_id" ON "threads" ("teacher_id", "student_id");
-- Create "messages" table
CREATE TABLE "messages" ("id" character varying NOT NULL, "created_at" timestamptz NOT NULL, "seq" bigint NOT NULL, "author_id" character varying NOT NULL, "author_role" character varying NOT NULL, "author_name" character varying NOT NULL DEFAULT '', "body" character varying NOT NULL, "language" character varying NOT NULL, "urgency" character varying NOT NULL DEFAULT 'NORMAL', "edited_at" timestamptz NULL, "retracted_at" timestamptz NULL, "reply_to_id" character varying NULL, "thread_id" character varying NOT NULL, PRIMARY KEY ("id"), CONSTRAINT "messages_messages_reply_to" FOREIGN KEY ("reply_to_id") REFERENCES "messages" ("id") ON UPDATE NO ACTION ON DELETE SET NULL, CONSTRAINT "messages_threads_messages" FOREIGN KEY ("thread_id") REFERENCES "threads" ("id") ON UPDATE NO ACTION ON DELETE NO ACTION);
-- Create index "message_author_id_id" to table: "messages"
CREATE INDEX "message_author_id_id" ON "messages" ("author_id", "id");
-- Create index "message_thread_id_seq" to table: "messages"
CREATE UNIQUE INDEX "message_thread_id_seq" ON "messages" ("thread_id", "seq");
-- Create index "messages_reply_to_id_key" to table: "messages"
CREATE UNIQUE INDEX "messages_reply_to_id_key" ON "messages" ("reply_to_id");
-- Create "attachments" table
CREATE TABLE "attachments" ("id" character varying NOT NULL, "created_at" timestamptz NOT NULL, "kind" character varying NOT NULL, "name" character varying NOT NULL, "size_bytes" bigint NOT NULL, "width" bigint NULL, "height" bigint NULL, "blur_hash" character varying NULL, "file" character varying NOT NULL, "data_key" bytea NOT NULL, "uploader_id" character varying NOT NULL, "announcement_id" character varying NULL, "message_id" character varying NULL, PRIMARY KEY ("id"), CONSTRAINT "attachments_announcements_attachments" FOREIGN KEY ("announcement_id") REFERENCES "announcements" ("id") ON UPDATE NO ACTION ON DELETE SET NULL, CONSTRAINT "attachments_messages_attachments" FOREIGN KEY ("message_id") REFERENCES "messages" ("id") ON UPDATE NO ACTION ON DELETE SET NULL, CONSTRAINT "attachments_one_place" CHECK ((announcement_id IS NULL) OR (message_id IS NULL)));
-- Create index "attachment_announcement_id_id" to table: "attachments"
CREATE INDEX "attachment_announcement_id_id" ON "attachments" ("announcement_id", "id");
-- Create index "attachment_message_id_id" to table: "attachments"
CREATE INDEX "attachment_message_id_id" ON "attachments" ("message_id", "id");
-- Create index "attachment_uploader_id_id" to table: "attachments"
CREATE INDEX "attachment_uploader_id_id" ON "attachments" ("uploader_id", "id");
-- Create index "attachments_file_key" to table: "attachments"
CREATE UNIQUE INDEX "attachments_file_key" ON "attachments" ("file");
-- Modify "school_classes" table
ALTER TABLE "school_classes" ADD COLUMN "timetable" jsonb NULL;
-- Create "attendance_events" table
CREATE TABLE "attendance_events" ("id" character varying NOT NULL, "created_at" timestamptz NOT NULL, "updated_at" timestamptz NOT NULL, "school_id" character varying NOT NULL, "day" character varying NOT NULL, "status" character varying NOT NULL, "recorder_id" character varying NOT NULL, "school_class_id" character varying NOT NULL, "student_id" character varying NOT NULL, PRIMARY KEY ("id"), CONSTRAINT "attendance_events_people_student" FOREIGN KEY ("student_id") REFERENCES "people" ("id") ON UPDATE NO ACTION ON DELETE NO ACTION, CONSTRAINT "attendance_events_school_classes_school_class" FOREIGN KEY ("school_class_id") REFERENCES "school_classes" ("id") ON UPDATE NO ACTION ON DELETE NO ACTION);
-- Create index "attendanceevent_school_class_id_day_student_id" to table: "attendance_events"
CREATE UNIQUE INDEX "attendanceevent_school_class_id_day_student_id" ON "attendance_events" ("school_class_id", "day", "student_id");
-- Create index "attendanceevent_student_id_day" to table: "attendance_events"
CREATE INDEX "attendanceevent_student_id_day" ON "attendance_events" ("student_id", "day");
-- Create "leave_requests" table
CREATE TABLE "leave_requests" ("id" character varying NOT NULL, "created_at" timestamptz NOT NULL, "updated_at" timestamptz NOT NULL, "school_id" character varying NOT NULL, "requester_id" character varying NOT NULL, "kind" character varying NOT NULL, "starts_at" timestamptz NOT NULL, "ends_at" timestamptz NOT NULL, "sealed" bytea NULL, "status" character varying NOT NULL DEFAULT 'SUBMITTED', "decider_id" character varying NULL, "decided_at" timestamptz NULL, "school_class_id" character varying NOT NULL, "student_id" character varying NOT NULL, PRIMARY KEY ("id"), CONSTRAINT "leave_requests_people_student" FOREIGN KEY ("student_id") REFERENCES "people" ("id") ON UPDATE NO ACTION ON DELETE NO ACTION, CONSTRAINT "leave_requests_school_classes_school_class" FOREIGN KEY ("school_class_id") REFERENCES "school_classes" ("id") ON UPDATE NO ACTION ON DELETE NO ACTION, CONSTRAINT "leave_requests_decided" CHECK (((status)::text <> ALL ((ARRAY['APPROVED'::character varying, 'REJECTED'::character varying])::text[])) OR ((decided_at IS NOT NULL) AND (decider_id IS NOT NULL))), CONSTRAINT "leave_requests_span" CHECK (starts_at < ends_at));
-- Create index "leaverequest_school_class_id_ends_at" to table: "leave_requests"
CREATE INDEX "leaverequest_school_class_id_ends_at" ON "leave_requests" ("school_class_id", "ends_at");
-- Create index "leaverequest_student_id_id" to table: "leave_requests"
CREATE INDEX "leaverequest_student_id_id" ON "leave_requests" ("student_id", "id");
-- Create "message_reports" table
CREATE TABLE "message_reports" ("id" character varying NOT NULL, "created_at" timestamptz NOT NULL, "reporter_id" character varying NOT NULL, "reason" character varying NOT NULL, "status" character varying NOT NULL DEFAULT 'OPEN', "decided_at" timestamptz NULL, "message_id" character varying NOT NULL, PRIMARY KEY ("id"), CONSTRAINT "message_reports_messages_message" FOREIGN KEY ("message_id") REFERENCES "messages" ("id") ON UPDATE NO ACTION ON DELETE NO ACTION, CONSTRAINT "message_reports_decided" CHECK ((((status)::text = 'OPEN'::text) AND (decided_at IS NULL)) OR (((status)::text <> 'OPEN'::text) AND (decided_at IS NOT NULL))));
-- Create index "messagereport_message_id_reporter_id" to table: "message_reports"
CREATE UNIQUE INDEX "messagereport_message_id_reporter_id" ON "message_reports" ("message_id", "reporter_id");
-- Create index "messagereport_reporter_id" to table: "message_reports"
CREATE INDEX "messagereport_reporter_id" ON "message_reports" ("reporter_id");
-- Create index "messagereport_status_id" to table: "message_reports"
CREATE INDEX "messagereport_status_id" ON "message_reports" ("status", "id");
-- Create "thread_reads" table
CREATE TABLE "thread_reads" ("id" character varying NOT NULL, "created_at" timestamptz NOT NULL, "updated_at" timestamptz NOT NULL, "seq" bigint NOT NULL, "thread_id" character varying NOT NULL, "person_id" character varying NOT NULL, PRIMARY KEY ("id"), CONSTRAINT "thread_reads_people_person" FOREIGN KEY ("person_id") REFERENCES "people" ("id") ON UPDATE NO ACTION ON DELETE NO ACTION, CONSTRAINT "thread_reads_threads_reads" FOREIGN KEY ("thread_id") REFERENCES "threads" ("id") ON UPDATE NO ACTION ON DELETE NO ACTION);
-- Create index "threadread_person_id" to table: "thread_reads"
CREATE INDEX "threadread_person_id" ON "thread_reads" ("person_id");
-- Create index "threadread_thread_id_person_id" to table: "thread_reads"
CREATE UNIQUE INDEX "threadread_thread_id_person_id" ON "thread_reads" ("thread_id", "person_id");
