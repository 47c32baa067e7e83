package dataexport

import (
	"citygraph/internal/lang"
)

// sections are the files of an export, one a noun. A stored type that is in none must say in
// notPersonal why.
var sections = []section{
	{"person", []string{"Person", "PersonalData"}, lang.Text{ZH: "您是谁：实名信息和账号资料", EN: "who you are: real-name data and account"}, (*Exports).person},
	{"accounts", []string{"Identity"}, lang.Text{ZH: "用来登录的微信、手机账号", EN: "the accounts you sign in with"}, (*Exports).accounts},
	{"sessions", []string{"Session"}, lang.Text{ZH: "登录记录", EN: "your sign-ins"}, (*Exports).sessions},
	{"devices", []string{"Device"}, lang.Text{ZH: "接收推送的设备", EN: "the devices that notices are pushed to"}, (*Exports).devices},
	{"roles", []string{"StaffRole"}, lang.Text{ZH: "工作身份", EN: "your staff roles"}, (*Exports).roles},
	{"card", []string{"CitizenCard"}, lang.Text{ZH: "市民卡", EN: "your citizen card"}, (*Exports).cards},
	{"money", []string{"LedgerAccount", "LedgerEntry", "LedgerTransaction", "Hold"}, lang.Text{ZH: "您的资金账户和交易明细", EN: "your accounts and what moved in them"}, (*Exports).money},
	{"topups", []string{"TopUp"}, lang.Text{ZH: "市民卡充值", EN: "how you topped your card up"}, (*Exports).topUps},
	{"rides", []string{"TransitBatch", "TransitRide"}, lang.Text{ZH: "离线乘车码和乘车记录", EN: "your codes for riding offline, and your rides"}, (*Exports).rides},
	{"credit", []string{"CreditLine"}, lang.Text{ZH: "先诊疗后付费", EN: "your credit line"}, (*Exports).creditLines},
	{"health", []string{"HealthRecord"}, lang.Text{ZH: "您的健康档案", EN: "your health record"}, (*Exports).healthRecords},
	{"suspensions", []string{"BookingSuspension"}, lang.Text{ZH: "预约暂停和申诉", EN: "when you could not book, and your appeals"}, (*Exports).suspensions},
	{"bills", []string{"Bill"}, lang.Text{ZH: "您的就诊账单", EN: "the bills of your visits to clinics"}, (*Exports).bills},
	{"carecontracts", []string{"CareContract"}, lang.Text{ZH: "家庭医生签约", EN: "your contracts with family doctors"}, (*Exports).careContracts},
	{"homevisits", []string{"CareVisit"}, lang.Text{ZH: "上门服务", EN: "visits at home"}, (*Exports).careVisits},
	{"helpcalls", []string{"HelpCall"}, lang.Text{ZH: "求助记录", EN: "your calls for help"}, (*Exports).helpCalls},
	{"appointments", []string{"Appointment"}, lang.Text{ZH: "就诊预约", EN: "your appointments at clinics"}, (*Exports).appointments},
	{"waitlist", []string{"WaitlistEntry"}, lang.Text{ZH: "候补记录", EN: "what you waited for at clinics"}, (*Exports).waitlist},
	{"school", []string{"Enrollment", "RosterUser"}, lang.Text{ZH: "您的班级，以及学校名册对您的记载", EN: "your classes, and what schools' rosters say of you"}, (*Exports).school},
	{"attendance", []string{"AttendanceEvent"}, lang.Text{ZH: "您在校的考勤", EN: "whether you were at school"}, (*Exports).attendance},
	{"leave", []string{"LeaveRequest"}, lang.Text{ZH: "您的请假", EN: "your leave from school"}, (*Exports).leave},
	{"cases", []string{"CityCase", "CaseEvent"}, lang.Text{ZH: "您上报的案件及其处理过程", EN: "the city cases you reported, with their steps"}, (*Exports).cases},
	{"photos", []string{"CasePhoto"}, lang.Text{ZH: "您上传的案件照片", EN: "the photos of city cases you uploaded"}, (*Exports).photos},
	{"supports", []string{"CaseSupporter"}, lang.Text{ZH: "您附议的案件", EN: "the city cases you support"}, (*Exports).supports},
	{"delegations", []string{"Delegation"}, lang.Text{ZH: "您给出和收到的委托授权", EN: "the delegations you gave and were given"}, (*Exports).delegations},
	{"guardianships", []string{"Guardianship"}, lang.Text{ZH: "监护关系", EN: "guardianships"}, (*Exports).guardianships},
	{"consents", []string{"Consent"}, lang.Text{ZH: "您的同意与撤回记录", EN: "what you consented to and withdrew"}, (*Exports).consents},
	{"entitlements", []string{"EntitlementGrant"}, lang.Text{ZH: "授予您的优待资格", EN: "the entitlements you were granted"}, (*Exports).entitlements},
	{"readings", []string{"RecordAccess"}, lang.Text{ZH: "谁读取过您的敏感数据", EN: "who read your sensitive data"}, (*Exports).readings},
	{"announcements", []string{"Announcement", "Delivery"}, lang.Text{ZH: "学校发给您的通知，和您作为教师写的通知", EN: "what schools told you, and what you wrote as a teacher"}, (*Exports).announcements},
	{"attachments", []string{"Attachment"}, lang.Text{ZH: "您上传的家校附件", EN: "the attachments for school you uploaded"}, (*Exports).attachments},
	{"threads", []string{"Thread", "ThreadRead", "Message", "MessageReport"}, lang.Text{ZH: "您在家校沟通中写的消息、读到哪里和举报", EN: "what you wrote between school and family, how far you read, and what you reported"}, (*Exports).threads},
	{"notifications", []string{"Notification", "DeliveryAttempt"}, lang.Text{ZH: "收到的通知及其推送结果", EN: "the notices you got, and how their pushes went"}, (*Exports).notifications},
	{"preferences", []string{"NotificationPreference"}, lang.Text{ZH: "您选择的通知方式", EN: "how you chose to be told"}, (*Exports).preferences},
	{"grants", []string{"WechatGrant"}, lang.Text{ZH: "您允许发送的微信订阅消息", EN: "the WeChat messages you allow to be sent"}, (*Exports).grants},
	{"exports", []string{"DataExport"}, lang.Text{ZH: "个人数据导出记录", EN: "your data exports"}, (*Exports).exports},
	{"audit", []string{"AuditEvent"}, lang.Text{ZH: "与您有关的操作日志", EN: "the audit log of what was done by you and about you"}, (*Exports).audit},
}

// notPersonal are the stored types that hold nothing about a person.
var notPersonal = map[string]string{
	"CaseCategory": "public catalogue", "Clinic": "public catalogue", "Department": "public catalogue",
	"Practitioner": "public catalogue", "PractitionerRole": "what imports keep of the public catalogue", "Schedule": "public catalogue", "Slot": "public catalogue",
	"AcademicSession": "the school's calendar", "SchoolClass": "classes of schools; who is in them is exported with the person",
	"District": "public catalogue", "ScenicSpot": "public catalogue", "School": "public catalogue", "Street": "public catalogue",
	"CityFacility": "things of the city", "SensorAlarm": "what sensors say",
	"Alert": "warnings to the public", "Broadcast": "notices to the public of whole districts", "BureauNotice": "notices to the public of whole districts",
	"IdempotencyRecord": "hashes of requests, for two days",
}

// each makes files of rows; no rows are an empty list.
func each[R, F any](rows []R, err error, file func(R) F) ([]F, error) {
	files := make([]F, len(rows))
	for i, r := range rows {
		files[i] = file(r)
	}
	return files, err
}
