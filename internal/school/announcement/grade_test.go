package announcement

import "testing"

func TestWhatCarriesMarksOrRanks(t *testing.T) {
	for _, text := range []string{
		"期中考试成绩：张三 98分，李四 87分", "张小明 98\n李丽 87\n王强 90", "张小明98、李丽87、王强90",
		"王小明同学数学考了100分", "本次数学测验最高分98，平均分86", "语文单元测试得分：９８", "李华期末排名第3", "李华获得年级第一名",
		"全班第2：李华", "数学成绩98.5", "王丽第十二名", "赵小军英语得了九十分，第3名", "李华名次：5",
		"Li Hua scored 98 in maths", "Wang came second in the exam", "Ranked 3rd in class: Li Hua", "Tom Li: 98, Ann Wu: 87, Jo Xu: 91",
		"Maths mark: 87", "He got 95/100", "Li Hua is ranked no. 4",
	} {
		if !broadcastGrades(text) {
			t.Errorf("%q passes", text)
		}
	}
}

func TestWhatOnlySoundsLikeMarks(t *testing.T) {
	for _, text := range []string{
		"明天8点30分在校门口集合，周五15:40放学。", "期末考试将于1月15日进行，成绩1月20日公布。", "本次测试满分100分，共25题，每题4分。", "及格线60分，考试时长90分钟。",
		"作业：数学练习册第25页，语文第3课背诵。", "春游费用98元，周二前交。", "我班在运动会接力比赛中获得第一名！", "热烈祝贺我校合唱团获全市第2名。",
		"周一 8点升旗\n周二 9点体检\n周三 10点家长会", "张老师 302室，李老师 303室，王老师 305室", "请5名同学周日值日。", "家长会在3年级2班教室，2楼。",
		"成绩单请于12月5日前签字。", "Grade 3 pupils meet at 8:30.", "Homework: pages 12 to 15, exercise 4.", "The exam is out of 100 marks.", "Our team came first in the relay!",
		"Bring 20 yuan for the trip.", "30分钟后开会。", "", "身高超过120厘米的同学请购票。",
	} {
		if broadcastGrades(text) {
			t.Errorf("%q is refused", text)
		}
	}
}
