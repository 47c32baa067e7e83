package wechat_test

import (
	"strings"
	"testing"

	"citygraph/internal/clock"
	"citygraph/internal/fake/wechatfake"
	"citygraph/internal/wechat"
)

func TestATextIsChecked(t *testing.T) {
	fake := wechatfake.New(appID, secret, clock.System{})
	c := clientOf(t, fake.Handler(), nil)
	for text, want := range map[string]wechat.Suggestion{
		"明天请假": wechat.Pass, "来" + wechatfake.ReviewWord: wechat.Review, "一起" + wechatfake.RiskyWord: wechat.Risky,
	} {
		if got, err := c.CheckText(t.Context(), "openid-lin", text); err != nil || got != want {
			t.Errorf("%s: %q, %v", text, got, err)
		}
	}
	fake.Revoke() // the token is fetched once more
	if got, err := c.CheckText(t.Context(), "openid-lin", "明天请假"); err != nil || got != wechat.Pass {
		t.Errorf("after the token ended: %q, %v", got, err)
	}
	fake.RefuseSends(61010)
	if _, err := c.CheckText(t.Context(), "openid-lin", "一句私房话"); errcode(err) != 61010 || strings.Contains(err.Error(), "私房话") || strings.Contains(err.Error(), "openid-lin") {
		t.Errorf("refused: %v", err)
	}
	if n := len(fake.Checked()); n != 4 {
		t.Errorf("%d texts were looked at", n)
	}
}
