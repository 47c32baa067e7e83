package search

import (
	"strings"
	"unicode"

	"github.com/mozillazg/go-pinyin"
)

// Keys returns the search column of a row that is known by the names: for each name its characters run
// together and, for a Chinese one, its pinyin and its initials; separated by spaces, in lower case.
// What is already part of another key is left out, since it would find nothing more.
func Keys(names ...string) string {
	var keys string
	add := func(key string) {
		if !strings.Contains(keys, key) {
			keys = strings.TrimPrefix(keys+" "+key, " ")
		}
	}
	for _, name := range names {
		joined := strings.Join(words(name), "")
		add(joined)
		full, initials := romanise([]rune(joined))
		add(full)
		add(initials)
	}
	return keys
}

// romanise reads the name aloud: the syllables run together, and their first letters. What is not
// Chinese stands for itself in both.
func romanise(name []rune) (full, initials string) {
	var whole, first strings.Builder
	for len(name) > 0 {
		syllables, n := read(name)
		for _, s := range syllables {
			whole.WriteString(s)
			first.WriteString(s[:1])
		}
		if len(syllables) == 0 && !unicode.Is(unicode.Han, name[0]) {
			whole.WriteRune(name[0])
			first.WriteRune(name[0])
		}
		name = name[n:]
	}
	return whole.String(), first.String()
}

// read returns the syllables at the front of the name and how many characters they cover: those of the
// longest phrase with a reading of its own, else the usual reading of one character. A character without
// a reading has no syllables.
func read(name []rune) (syllables []string, n int) {
	for n := min(len(name), longestPhrase); n > 0; n-- {
		if reading, ok := phrases[string(name[:n])]; ok {
			return strings.Fields(reading), n
		}
	}
	return pinyin.SinglePinyin(name[0], pinyin.NewArgs()), 1
}

// longestPhrase is the length of the longest key of phrases, in characters.
const longestPhrase = 2

// phrases are the readings that the dictionary, which knows single characters only, gets wrong in names
// of places and offices.
var phrases = map[string]string{
	"长":  "chang", // 长河, 长庆, 长寿桥; the exceptions follow
	"校长": "xiao zhang", "院长": "yuan zhang", "家长": "jia zhang", "市长": "shi zhang",
	"区长": "qu zhang", "镇长": "zhen zhang", "成长": "cheng zhang", "生长": "sheng zhang",
	"都":  "du", // 三都, 首都
	"朝晖": "zhao hui", "朝霞": "zhao xia",
	"弄口": "long kou", "里弄": "li long",
	"音乐": "yin yue", "乐清": "yue qing",
	"银行": "yin hang", "商行": "shang hang", "行业": "hang ye",
	"厦门": "xia men",
	"重庆": "chong qing", "重阳": "chong yang", "重修": "chong xiu", "重建": "chong jian",
	"空调": "kong tiao", "调解": "tiao jie",
	"会稽": "kuai ji",
	"六安": "lu an",
	"西藏": "xi zang", "宝藏": "bao zang",
	"传记": "zhuan ji",
}
