package fault

import (
	"errors"
	"io"
	"maps"
	"slices"

	"github.com/99designs/gqlgen/graphql"

	"citygraph/internal/lang"
)

// Code is a stable error code of the contract. The list is closed: clients switch on it.
type Code string

// The codes in use, in the contract's order.
const (
	Unauthenticated         Code = "UNAUTHENTICATED"
	Forbidden               Code = "FORBIDDEN"
	NotFound                Code = "NOT_FOUND"
	DelegationScope         Code = "DELEGATION_SCOPE"
	BadUserInput            Code = "BAD_USER_INPUT"
	OutOfArea               Code = "OUT_OF_AREA"
	IdempotencyKeyReused    Code = "IDEMPOTENCY_KEY_REUSED"
	IdempotencyInProgress   Code = "IDEMPOTENCY_IN_PROGRESS"
	RateLimited             Code = "RATE_LIMITED"
	QueryTooComplex         Code = "QUERY_TOO_COMPLEX"
	InvalidTransition       Code = "INVALID_TRANSITION"
	HoldExpired             Code = "HOLD_EXPIRED"
	InsufficientFunds       Code = "INSUFFICIENT_FUNDS"
	BalanceCap              Code = "BALANCE_CAP"
	CardNotActive           Code = "CARD_NOT_ACTIVE"
	CardNotEmpty            Code = "CARD_NOT_EMPTY"
	BadAmount               Code = "BAD_AMOUNT"
	RefundExceeds           Code = "REFUND_EXCEEDS"
	ConsentRequired         Code = "CONSENT_REQUIRED"
	CreditOwed              Code = "CREDIT_OWED"
	PayCodeInvalid          Code = "PAYCODE_INVALID"
	PayCodeExpired          Code = "PAYCODE_EXPIRED"
	PayCodeReplayed         Code = "PAYCODE_REPLAYED"
	PayCodeWrongPurpose     Code = "PAYCODE_WRONG_PURPOSE"
	SlotFull                Code = "SLOT_FULL"
	SlotNotReleased         Code = "SLOT_NOT_RELEASED"
	AppointmentOverlap      Code = "APPOINTMENT_OVERLAP"
	CutoffPassed            Code = "CUTOFF_PASSED"
	BookingSuspended        Code = "BOOKING_SUSPENDED"
	RealNameRequired        Code = "REAL_NAME_REQUIRED"
	BillNotPayable          Code = "BILL_NOT_PAYABLE"
	CareContractRequired    Code = "CARE_CONTRACT_REQUIRED"
	NotClassTeacher         Code = "NOT_CLASS_TEACHER"
	GradeBroadcastForbidden Code = "GRADE_BROADCAST_FORBIDDEN"
	EmptyAudience           Code = "EMPTY_AUDIENCE"
	ContentRejected         Code = "CONTENT_REJECTED"
	AttachmentUnsupported   Code = "ATTACHMENT_TYPE_UNSUPPORTED"
	AttachmentTooLarge      Code = "ATTACHMENT_TOO_LARGE"
	CaseFieldRequired       Code = "CASE_FIELD_REQUIRED"
	SameActor               Code = "SAME_ACTOR"
	ReopenLimit             Code = "REOPEN_LIMIT"
	PhotoTypeUnsupported    Code = "PHOTO_TYPE_UNSUPPORTED"
	PhotoTooLarge           Code = "PHOTO_TOO_LARGE"
	PhotoUnreadable         Code = "PHOTO_UNREADABLE"
	ProofRequired           Code = "PROOF_REQUIRED"
	DeviceUnknown           Code = "DEVICE_UNKNOWN"
	InternalError           Code = "INTERNAL"
)

var sentences = map[Code]lang.Text{
	Unauthenticated:         {ZH: "请先登录。", EN: "Please sign in."},
	Forbidden:               {ZH: "您没有权限执行此操作。", EN: "You are not allowed to do this."},
	NotFound:                {ZH: "没有找到。", EN: "Not found."},
	DelegationScope:         {ZH: "您没有代此人办理此事的授权。", EN: "You may not do this for that person."},
	BadUserInput:            {ZH: "输入有误。", EN: "The input is not valid."},
	OutOfArea:               {ZH: "该位置不在杭州市范围内。", EN: "This place is outside Hangzhou."},
	IdempotencyKeyReused:    {ZH: "该幂等键已用于另一个请求。", EN: "This idempotency key was used for another request."},
	IdempotencyInProgress:   {ZH: "相同的请求正在处理中，请稍候。", EN: "The same request is still being processed."},
	RateLimited:             {ZH: "操作过于频繁，请稍后再试。", EN: "Too many requests. Please try again later."},
	QueryTooComplex:         {ZH: "查询过于复杂。", EN: "The query is too complex."},
	InvalidTransition:       {ZH: "当前状态不允许此操作。", EN: "The current status does not allow this."},
	HoldExpired:             {ZH: "预授权已过期。", EN: "The hold has expired."},
	InsufficientFunds:       {ZH: "可用余额不足。", EN: "There is not enough money for this."},
	BalanceCap:              {ZH: "余额将超过限额。", EN: "The balance would exceed its limit."},
	CardNotEmpty:            {ZH: "卡内还有余额，请先用完再注销。", EN: "There is money on the card: spend it before you close the card."},
	CardNotActive:           {ZH: "市民卡当前不可用（已挂失、冻结或注销）。", EN: "The citizen card cannot be used: it is lost, frozen or closed."},
	BadAmount:               {ZH: "金额无效。", EN: "The amount is not valid."},
	RefundExceeds:           {ZH: "退款金额超过原交易金额。", EN: "More would be refunded than was paid."},
	ConsentRequired:         {ZH: "请先阅读并同意相关授权。", EN: "Read what consent is asked for, and give it first."},
	CreditOwed:              {ZH: "先诊疗后付费还有欠款，请先还清。", EN: "Something is still owed on the credit line. Repay it first."},
	PayCodeInvalid:          {ZH: "付款码无效。", EN: "The pay code is not valid."},
	PayCodeExpired:          {ZH: "付款码已过期，请刷新后重试。", EN: "The pay code has expired. Please show a new one."},
	PayCodeReplayed:         {ZH: "付款码已使用，请刷新后重试。", EN: "The pay code was used before. Please show a new one."},
	PayCodeWrongPurpose:     {ZH: "付款码不适用于此处。", EN: "The pay code is for use elsewhere."},
	SlotFull:                {ZH: "该时段已约满。", EN: "No place is left at this time."},
	SlotNotReleased:         {ZH: "该时段尚未放号。", EN: "This time cannot be booked yet."},
	AppointmentOverlap:      {ZH: "就诊人在该时段已有其他预约。", EN: "The patient has another appointment at this time."},
	CutoffPassed:            {ZH: "已超过可预约或可更改的时间。", EN: "It is too late to book or change this."},
	BookingSuspended:        {ZH: "因多次爽约，预约功能已暂停，可以申诉。", EN: "Booking is suspended after missed appointments. An appeal is possible."},
	RealNameRequired:        {ZH: "请先完成实名认证。", EN: "Bind your real name first."},
	BillNotPayable:          {ZH: "该账单当前不能支付。", EN: "This bill cannot be paid now."},
	CareContractRequired:    {ZH: "需要有效的家庭医生签约。", EN: "This needs a family doctor's contract that is in force."},
	NotClassTeacher:         {ZH: "只有任课教师或班主任可以这样做。", EN: "Only a teacher of the class may do this."},
	GradeBroadcastForbidden: {ZH: "不能向多名学生的家长公布成绩或排名。", EN: "Marks and rankings cannot be sent to more than one child's family."},
	ContentRejected:         {ZH: "内容未通过安全检测，请修改后再发。", EN: "This text did not pass the content check. Please change it."},
	AttachmentUnsupported:   {ZH: "附件仅支持照片（JPEG、PNG、WebP）和PDF。", EN: "An attachment can be a photo (JPEG, PNG, WebP) or a PDF."},
	AttachmentTooLarge:      {ZH: "附件过大：不能超过10MB。", EN: "The attachment is too large: up to 10 MB."},
	EmptyAudience:           {ZH: "没有可以接收的家长。", EN: "This reaches nobody."},
	CaseFieldRequired:       {ZH: "请填写必填项。", EN: "A required answer is missing."},
	SameActor:               {ZH: "处置人不能核查自己的处置结果。", EN: "Whoever said that it is mended cannot verify it."},
	ReopenLimit:             {ZH: "已超过可以重新打开的期限或次数。", EN: "It can no longer be reopened."},
	PhotoTypeUnsupported:    {ZH: "仅支持JPEG、PNG和WebP格式的照片。", EN: "Photos can be JPEG, PNG or WebP."},
	PhotoTooLarge:           {ZH: "照片过大：不能超过10MB、2500万像素。", EN: "The photo is too large: up to 10 MB and 25 megapixels."},
	PhotoUnreadable:         {ZH: "照片已损坏，无法读取。", EN: "The photo is damaged and cannot be read."},
	ProofRequired:           {ZH: "请上传处置完成的照片。", EN: "A photo must show that it is mended."},
	DeviceUnknown:           {ZH: "设备未登记。", EN: "This device is not registered."},
	InternalError:           {ZH: "服务暂时不可用，请稍后再试。", EN: "Something went wrong. Please try again later."},
}

// Codes returns every code in use, in the order of the alphabet.
func Codes() []Code { return slices.Sorted(maps.Keys(sentences)) }

// IsValid reports whether c is in use.
func (c Code) IsValid() bool { _, ok := sentences[c]; return ok }

// MarshalGQL writes the enum value.
func (c Code) MarshalGQL(w io.Writer) { graphql.MarshalString(string(c)).MarshalGQL(w) }

// UnmarshalGQL refuses: an error code is never an input.
func (c *Code) UnmarshalGQL(any) error { return errors.New("an error code is not an input") }
