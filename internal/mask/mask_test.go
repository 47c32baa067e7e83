package mask_test

import (
	"encoding/json"
	"fmt"
	"testing"

	"citygraph/internal/mask"
)

func TestMasks(t *testing.T) {
	for _, tc := range []struct{ name, got, want string }{
		{"name of two", mask.Name("张三").String(), "张*"},
		{"long name is not counted out", mask.Name("欧阳震华华").String(), "欧**"},
		{"single character", mask.Name("张").String(), "*"},
		{"printed", fmt.Sprintf("%v", mask.Name("李小龙")), "李**"},
		{"revealed", mask.Name("李小龙").Reveal(), "李小龙"},
		{"id number", mask.IDNumber("330106199001011234"), "330106********1234"},
		{"odd id number", mask.IDNumber("12345"), "*****"},
		{"phone", mask.Phone("13812345678"), "138****5678"},
		{"card", mask.CardNumber("3301000012345678"), "**** **** **** 5678"},
	} {
		if tc.got != tc.want {
			t.Errorf("%s: got %q, want %q", tc.name, tc.got, tc.want)
		}
	}
	b, err := json.Marshal(map[string]any{"name": mask.Name("王小明")})
	if err != nil || string(b) != `{"name":"王**"}` {
		t.Errorf("json: %s, %v", b, err)
	}
}
