-- Disable the enforcement of foreign-keys constraints
PRAGMA foreign_keys = off;
-- Create "new_announcements" table
CREATE TABLE `new_announcements` (`id` text NOT NULL, `created_at` datetime NOT NULL, `updated_at` datetime NOT NULL, `author_id` text NOT NULL, `author_name` text NOT NULL DEFAULT (''), `kind` text NOT NULL, `audience` json NOT NULL, `title` text NOT NULL, `body` text NOT NULL, `urgency` text NOT NULL DEFAULT ('NORMAL'), `acknowledgement` text NOT NULL DEFAULT ('NONE'), `due_at` datetime NULL, `status` text NOT NULL DEFAULT ('DRAFT'), `publish_at` datetime NULL, `published_at` datetime NULL, `retracted_at` datetime NULL, `delivered` integer NOT NULL DEFAULT (0), `read` integer NOT NULL DEFAULT (0), `acknowledged` integer NOT NULL DEFAULT (0), `school_id` text NOT NULL, `bureau_notice_id` text NULL, PRIMARY KEY (`id`), CONSTRAINT `announcements_schools_school` FOREIGN KEY (`school_id`) REFERENCES `schools` (`id`) ON DELETE NO ACTION, CONSTRAINT `announcements_bureau_notices_announcements` FOREIGN KEY (`bureau_notice_id`) REFERENCES `bureau_notices` (`id`) ON DELETE SET NULL, CONSTRAINT `announcements_counts` CHECK (read <= delivered AND acknowledged <= delivered), CONSTRAINT `announcements_published` CHECK (status <> 'PUBLISHED' OR published_at IS NOT NULL), CONSTRAINT `announcements_scheduled` CHECK (status <> 'SCHEDULED' OR publish_at IS NOT NULL));
-- Copy rows from old table "announcements" to new temporary table "new_announcements"
INSERT INTO `new_announcements` (`id`, `created_at`, `updated_at`, `author_id`, `author_name`, `kind`, `audience`, `title`, `body`, `urgency`, `acknowledgement`, `due_at`, `status`, `publish_at`, `published_at`, `retracted_at`, `delivered`, `read`, `acknowledged`, `school_id`) SELECT `id`, `created_at`, `updated_at`, `author_id`, `author_name`, `kind`, `audience`, `title`, `body`, `urgency`, `acknowledgement`, `due_at`, `status`, `publish_at`, `published_at`, `retracted_at`, `delivered`, `read`, `acknowledged`, `school_id` FROM `announcements`;
-- Drop "announcements" table after copying rows
DROP TABLE `announcements`;
-- Rename temporary table "new_announcements" to "announcements"
ALTER TABLE `new_announcements` RENAME TO `announcements`;
-- Create index "announcement_school_id_id" to table: "announcements"
CREATE INDEX `announcement_school_id_id` ON `announcements` (`school_id`, `id`);
-- Create index "announcement_author_id_id" to table: "announcements"
CREATE INDEX `announcement_author_id_id` ON `announcements` (`author_id`, `id`);
-- Create index "announcement_status_publish_at" to table: "announcements"
CREATE INDEX `announcement_status_publish_at` ON `announcements` (`status`, `publish_at`);
-- Create index "announcement_bureau_notice_id_school_id" to table: "announcements"
CREATE UNIQUE INDEX `announcement_bureau_notice_id_school_id` ON `announcements` (`bureau_notice_id`, `school_id`);
-- Add column "timetable" to table: "school_classes"
ALTER TABLE `school_classes` ADD COLUMN `timetable` json NULL;
-- Create "attachments" table
CREATE TABLE `attachments` (`id` text NOT NULL, `created_at` datetime NOT NULL, `kind` text NOT NULL, `name` text NOT NULL, `size_bytes` integer NOT NULL, `width` integer NULL, `height` integer NULL, `blur_hash` text NULL, `file` text NOT NULL, `data_key` blob NOT NULL, `uploader_id` text NOT NULL, `announcement_id` text NULL, `message_id` text NULL, PRIMARY KEY (`id`), CONSTRAINT `attachments_announcements_attachments` FOREIGN KEY (`announcement_id`) REFERENCES `announcements` (`id`) ON DELETE SET NULL, CONSTRAINT `attachments_messages_attachments` FOREIGN KEY (`message_id`) REFERENCES `messages` (`id`) ON DELETE SET NULL, CONSTRAINT `attachments_one_place` CHECK (announcement_id IS NULL OR message_id IS NULL));
-- Create index "attachments_file_key" to table: "attachments"
CREATE UNIQUE INDEX `attachments_file_key` ON `attachments` (`file`);
-- Create index "attachment_announcement_id_id" to table: "attachments"
CREATE INDEX `attachment_announcement_id_id` ON `attachments` (`announcement_id`, `id`);
-- Create index "attachment_message_id_id" to table: "attachments"
CREATE INDEX `attachment_message_id_id` ON `attachments` (`message_id`, `id`);
-- Create index "attachment_uploader_id_id" to table: "attachments"
CREATE INDEX `attachment_uploader_id_id` ON `attachments` (`uploader_id`, `id`);
-- Create "attendance_events" table
CREATE TABLE `attendance_events` (`id` text NOT NULL, `created_at` datetime NOT NULL, `updated_at` datetime NOT NULL, `school_id` text NOT NULL, `day` text NOT NULL, `status` text NOT NULL, `recorder_id` text NOT NULL, `school_class_id` text NOT NULL, `student_id` text NOT NULL, PRIMARY KEY (`id`), CONSTRAINT `attendance_events_school_classes_school_class` FOREIGN KEY (`school_class_id`) REFERENCES `school_classes` (`id`) ON DELETE NO ACTION, CONSTRAINT `attendance_events_people_student` FOREIGN KEY (`student_id`) REFERENCES `people` (`id`) ON DELETE NO ACTION);
-- Create index "attendanceevent_school_class_id_day_student_id" to table: "attendance_events"
CREATE UNIQUE INDEX `attendanceevent_school_class_id_day_student_id` ON `attendance_events` (`school_class_id`, `day`, `student_id`);
-- Create index "attendanceevent_student_id_day" to table: "attendance_events"
CREATE INDEX `attendanceevent_student_id_day` ON `attendance_events` (`student_id`, `day`);
-- Create "bureau_notices" table
CREATE TABLE `bureau_notices` (`id` text NOT NULL, `created_at` datetime NOT NULL, `updated_at` datetime NOT NULL, `author_id` text NOT NULL, `district_ids` json NOT NULL, `title` text NOT NULL, `body` text NOT NULL, `urgency` text NOT NULL DEFAULT ('NORMAL'), `acknowledgement` text NOT NULL DEFAULT ('NONE'), `due_at` datetime NULL, `status` text NOT NULL DEFAULT ('PUBLISHED'), `retracted_at` datetime NULL, PRIMARY KEY (`id`));
-- Create "leave_requests" table
CREATE TABLE `leave_requests` (`id` text NOT NULL, `created_at` datetime NOT NULL, `updated_at` datetime NOT NULL, `school_id` text NOT NULL, `requester_id` text NOT NULL, `kind` text NOT NULL, `starts_at` datetime NOT NULL, `ends_at` datetime NOT NULL, `sealed` blob NULL, `status` text NOT NULL DEFAULT ('SUBMITTED'), `decider_id` text NULL, `decided_at` datetime NULL, `school_class_id` text NOT NULL, `student_id` text NOT NULL, PRIMARY KEY (`id`), CONSTRAINT `leave_requests_school_classes_school_class` FOREIGN KEY (`school_class_id`) REFERENCES `school_classes` (`id`) ON DELETE NO ACTION, CONSTRAINT `leave_requests_people_student` FOREIGN KEY (`student_id`) REFERENCES `people` (`id`) ON DELETE NO ACTION, CONSTRAINT `leave_requests_decided` CHECK (status NOT IN ('APPROVED','REJECTED') OR (decided_at IS NOT NULL AND decider_id IS NOT NULL)), CONSTRAINT `leave_requests_span` CHECK (starts_at < ends_at));
-- Create index "leaverequest_student_id_id" to table: "leave_requests"
CREATE INDEX `leaverequest_student_id_id` ON `leave_requests` (`student_id`, `id`);
-- Create index "leaverequest_school_class_id_ends_at" to table: "leave_requests"
CREATE INDEX `leaverequest_school_class_id_ends_at` ON `leave_requests` (`school_class_id`, `ends_at`);
-- Create "messages" table
CREATE TABLE `messages` (`id` text NOT NULL, `created_at` datetime NOT NULL, `seq` integer NOT NULL, `author_id` text NOT NULL, `author_role` text NOT NULL, `author_name` text NOT NULL DEFAULT (''), `body` text NOT NULL, `language` text NOT NULL, `urgency` text NOT NULL DEFAULT ('NORMAL'), `edited_at` datetime NULL, `retracted_at` datetime NULL, `reply_to_id` text NULL, `thread_id` text NOT NULL, PRIMARY KEY (`id`), CONSTRAINT `messages_messages_reply_to` FOREIGN KEY (`reply_to_id`) REFERENCES `messages` (`id`) ON DELETE SET NULL, CONSTRAINT `messages_threads_messages` FOREIGN KEY (`thread_id`) REFERENCES `threads` (`id`) ON DELETE NO ACTION);
-- Create index "messages_reply_to_id_key" to table: "messages"
CREATE UNIQUE INDEX `messages_reply_to_id_key` ON `messages` (`reply_to_id`);
-- Create index "message_thread_id_seq" to table: "messages"
CREATE UNIQUE INDEX `message_thread_id_seq` ON `messages` (`thread_id`, `seq`);
-- Create index "message_author_id_id" to table: "messages"
CREATE INDEX `message_author_id_id` ON `messages` (`author_id`, `id`);
-- Create "message_reports" table
CREATE TABLE `message_reports` (`id` text NOT NULL, `created_at` datetime NOT NULL, `reporter_id` text NOT NULL, `reason` text NOT NULL, `status` text NOT NULL DEFAULT ('OPEN'), `decided_at` datetime NULL, `message_id` text NOT NULL, PRIMARY KEY (`id`), CONSTRAINT `message_reports_messages_message` FOREIGN KEY (`message_id`) REFERENCES `messages` (`id`) ON DELETE NO ACTION, CONSTRAINT `message_reports_decided` CHECK (status = 'OPEN' AND decided_at IS NULL OR status <> 'OPEN' AND decided_at IS NOT NULL));
-- Create index "messagereport_message_id_reporter_id" to table: "message_reports"
CREATE UNIQUE INDEX `messagereport_message_id_reporter_id` ON `message_reports` (`message_id`, `reporter_id`);
-- Create index "messagereport_reporter_id" to table: "message_reports"
CREATE INDEX `messagereport_reporter_id` ON `message_reports` (`reporter_id`);
-- Create index "messagereport_status_id" to table: "message_reports"
CREATE INDEX `messagereport_status_id` ON `message_reports` (`status`, `id`);
-- Create "threads" table
CREATE TABLE `threads` (`id` text NOT NULL, `created_at` datetime NOT NULL, `last_seq` integer NOT NULL DEFAULT (0), `last_message_at` datetime NULL, `school_id` text NOT NULL, `teacher_id` text NOT NULL, `student_id` text NOT NULL, PRIMARY KEY (`id`), CONSTRAINT `threads_schools_school` FOREIGN KEY (`school_id`) REFERENCES `schools` (`id`) ON DELETE NO ACTION, CONSTRAINT `threads_people_teacher` FOREIGN KEY (`teacher_id`) REFERENCES `people` (`id`) ON DELETE NO ACTION, CONSTRAINT `threads_people_student` FOREIGN KEY (`student_id`) REFERENCES `people` (`id`) ON DELETE NO ACTION);
-- Create index "thread_teacher_id_student_id" to table: "threads"
CREATE UNIQUE INDEX `thread_teacher_id_student_id` ON `threads` (`teacher_id`, `student_id`);
-- Create index "thread_student_id_last_message_at" to table: "threads"
CREATE INDEX `thread_student_id_last_message_at` ON `threads` (`student_id`, `last_message_at`);
-- Create index "thread_teacher_id_last_message_at" to table: "threads"
CREATE INDEX `thread_teacher_id_last_message_at` ON `threads` (`teacher_id`, `last_message_at`);
-- Create "thread_reads" table
CREATE TABLE `thread_reads` (`id` text NOT NULL, `created_at` datetime NOT NULL, `updated_at` datetime NOT NULL, `seq` integer NOT NULL, `thread_id` text NOT NULL, `person_id` text NOT NULL, PRIMARY KEY (`id`), CONSTRAINT `thread_reads_threads_reads` FOREIGN KEY (`thread_id`) REFERENCES `threads` (`id`) ON DELETE NO ACTION, CONSTRAINT `thread_reads_people_person` FOREIGN KEY (`person_id`) REFERENCES `people` (`id`) ON DELETE NO ACTION);
-- Create index "threadread_thread_id_person_id" to table: "thread_reads"
CREATE UNIQUE INDEX `threadread_thread_id_person_id` ON `thread_reads` (`thread_id`, `person_id`);
-- Create index "threadread_person_id" to table: "thread_reads"
CREATE INDEX `threadread_person_id` ON `thread_reads` (`person_id`);
-- Enable back the enforcement of foreign-keys constraints
PRAGMA foreign_keys = on;
