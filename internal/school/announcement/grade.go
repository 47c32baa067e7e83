package announcement

import (
	"regexp"
	"strings"

	"citygraph/internal/fault"
)

// What a child scored, and how they rank, is told to that child's guardians alone. A broadcast that carries it is refused. The
// detector reads sentence by sentence and asks for a number beside a word of marks: talk of exams, of what a paper is worth,
// of times, prices and pages passes. It is a guard against a habit, not against who wants to get past it.

var (
	sentences = regexp.MustCompile(`[。！？!?；;\n]+|\.\s`)

	// numbers of what is no child's: what a paper or a question is worth, and what it takes to pass.
	worth = regexp.MustCompile(`(满分|总分|共计?|每[小大]?题|每空|分值|占|及格线|及格分数?|各|卷面)\s*[为是:]?\s*\d{1,3}(\.\d+)?\s*分?|` +
		`(out of|full marks?( is| of|:)?|total( of|:)?|worth|pass(ing)? mark( is|:)?|carries)\s*\d{1,3}( marks?| points?)?`)

	// examined is what makes a number of 分 a mark.
	examined = regexp.MustCompile(`成绩|考试|测试|测验|考了|得了|得分|分数|单元|期中|期末|月考|模拟|摸底|平均分|最高分|最低分|语文|数学|英语|科学|物理|化学|学生|同学`)
	points   = regexp.MustCompile(`\d{1,3}(\.\d+)?\s*分(?:$|[^钟之米店院校部类组享段批发级别队区贝裂])`)
	oclock   = regexp.MustCompile(`\d{1,2}\s*(点|时|:)\s*\d{1,2}\s*分?`)
	scored   = regexp.MustCompile(`(成绩|分数|得分|总评|考了|考得|得了|平均分|最高分|最低分)\s*(单)?\s*[为是达到:=\s]*\s*\d{1,3}(\.\d+)?(?:$|[^\d月日号点时年:/\-级题道页份张个周条])`)

	// placed is a place in an order; that of a class or a school is no child's.
	placed     = regexp.MustCompile(`第\s*(\d{1,3}|[一二三四五六七八九十百]{1,4})\s*名|(排名|名次|位次|年级排|班级排|全班排|排在?)\s*(是|为|:)?\s*第?\s*\d{1,3}(?:$|[^\d月日号点时年:队])|(全班|全年级|年级|班级)\s*第\s*(\d{1,3}|[一二三四五六七八九十]{1,3})(?:$|[^\d一二三四五六七八九十次周天届期课单节条个]){1}`)
	collective = regexp.MustCompile(`(我班|我们班|本班|我校|我们学校|本校|校队|班集体|代表队|[一二三四五六七八九]年级\S{0,3}班|\d班).{0,20}第\s*\S{1,4}\s*名|运动会|比赛|竞赛|接力|合唱|足球|篮球|跳绳|拔河|设\s*第`)
	exams      = regexp.MustCompile(`成绩|考试|测试|测验|期中|期末|月考|模拟|分数|总分|平均分`)

	// listed is a name with a number after it, as in a pasted table of marks.
	listed = regexp.MustCompile(`(?:^|[\s,、|:])([王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林郑谢罗梁宋唐许韩冯邓曹彭曾肖田董袁潘于蒋蔡余杜叶程苏魏吕丁任沈姚卢姜崔钟谭陆汪范金石廖贾夏韦付方白邹孟熊秦邱江尹薛闫段雷侯龙史陶黎贺顾毛郝龚邵万钱严覃武戴莫孔向汤][\p{Han}*]{1,2})\s*[:,|\s]?\s*(\d{1,3}(?:\.\d+)?)\s*分?(?:$|[\s,、|。])`)
	noName = regexp.MustCompile(`^(周[一二三四五六日末内]|.*(老师|主任|校长|医生|课|室|楼|门|班|路))$`)

	scoredEN = regexp.MustCompile(`\b(scored|got|achieved|received|earned)\s+(an?\s+)?\d{1,3}(\.\d+)?\s*(%|marks?|points?|/|in\b|on\b|$)|\b(scores?|marks?)\s*(is|was|were|are|of|:|=)?\s*\d{1,3}(\.\d+)?\s*(%|/|,|$)|\b\d{1,3}\s*/\s*100\b`)
	placedEN = regexp.MustCompile(`\b(ranked|ranks?|ranking|placed|came)\s*(is|:|no\.?|number|#|in)?\s*(\d{1,3}(st|nd|rd|th)?|first|second|third|last)\b.{0,24}\b(class|grade|exam|test|year|cohort)|\b(ranked|rank(ing)?)\s*(is|:|no\.?|number|#)?\s*\d{1,3}\b`)
	listedEN = regexp.MustCompile(`(?:^|[\n,;])\s*[a-z]+ [a-z]+\s*[:\-,\t ]\s*\d{1,3}(\.\d+)?\s*(?:$|[\n,;%])`)
)

// broadcastGrades reports whether a text carries a child's marks or rank.
func broadcastGrades(text string) bool {
	text = worth.ReplaceAllString(strings.ReplaceAll(narrow(text), "no. ", "no "), " ")
	if names(text) >= 2 || len(listedEN.FindAllString(strings.ReplaceAll(text, ",", ",\n"), -1)) >= 3 {
		return true
	}
	for _, s := range sentences.Split(text, -1) {
		s = oclock.ReplaceAllString(s, " ")
		switch {
		case scored.MatchString(s), scoredEN.MatchString(s), placedEN.MatchString(s):
			return true
		case points.MatchString(s) && examined.MatchString(s):
			return true
		case placed.MatchString(s) && (exams.MatchString(s) || !collective.MatchString(s)):
			return true
		}
	}
	return false
}

// names counts the names with a number after them.
func names(text string) int {
	n := 0
	for _, line := range strings.FieldsFunc(text, func(r rune) bool { return strings.ContainsRune("\n,、;。|", r) }) {
		for _, found := range listed.FindAllStringSubmatch(line, -1) {
			if !noName.MatchString(found[1]) {
				n++
			}
		}
	}
	return n
}

// narrow writes full-width signs as their ordinary ones, in lower case, so that １００ and 100 read alike.
func narrow(s string) string {
	return strings.ToLower(strings.Map(func(r rune) rune {
		switch {
		case r >= '！' && r <= '～' && r != '！' && r != '？' && r != '；':
			return r - 0xFEE0
		case r == '\u3000':
			return ' '
		}
		return r
	}, s))
}

// private refuses marks and ranks to more than one child's guardians.
func (t *Text) private() error {
	if len(t.Audience.Students) == 1 {
		return nil
	}
	for field, text := range map[string]string{"title": t.Title, "body": t.Body} {
		if broadcastGrades(text) {
			return fault.New(fault.GradeBroadcastForbidden).At(field)
		}
	}
	return nil
}
