package main

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"citygraph/internal/payment/wechatpay"
)

// merchantEnviron is an account at WeChat Pay that production accepts, its keys in files.
func merchantEnviron(t *testing.T) map[string]string {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	public, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	write := func(name, kind string, der []byte) string {
		path := filepath.Join(t.TempDir(), name)
		if err := os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	return map[string]string{
		"WECHAT_APP_ID": "wx0123456789abcdef", "WECHAT_APP_SECRET": "app-secret", "PUBLIC_URL": "https://city.example.cn",
		"WECHAT_PAY_MCH_ID": "1900000109", "WECHAT_PAY_SERIAL": "5157F09E", "WECHAT_PAY_APIV3_KEY": goodKey,
		"WECHAT_PAY_PRIVATE_KEY_FILE": write("apiclient_key.pem", "PRIVATE KEY", private),
		"WECHAT_PAY_PUBLIC_KEY_ID":    "PUB_KEY_ID_01", "WECHAT_PAY_PUBLIC_KEY_FILE": write("pub_key.pem", "PUBLIC KEY", public),
	}
}

func TestAMerchantAccountIsWhole(t *testing.T) {
	environ := merchantEnviron(t)
	cfg, err := loadConfig(production(environ))
	if err != nil {
		t.Fatal(err)
	}
	o, err := wechatPay(cfg)
	if err != nil || o.Key == nil || o.PublicKey == nil || o.NotifyURL != "https://city.example.cn"+wechatpay.NotifyPath || o.AppID != "wx0123456789abcdef" {
		t.Errorf("%+v, %v", o, err)
	}
	text, err := os.ReadFile(environ["WECHAT_PAY_PRIVATE_KEY_FILE"])
	if err != nil {
		t.Fatal(err)
	}
	inline := production(environ)
	inline["WECHAT_PAY_PRIVATE_KEY_FILE"], inline["WECHAT_PAY_PRIVATE_KEY"] = "", string(text)
	if cfg, err = loadConfig(inline); err != nil {
		t.Fatal(err)
	}
	if o, err = wechatPay(cfg); err != nil || o.Key == nil {
		t.Errorf("the key in the environment: %v", err)
	}
	for _, row := range settings(inline) {
		if strings.Contains(row.Value, "PRIVATE") || strings.HasPrefix(row.Name, "WECHAT_PAY") && row.Value == goodKey {
			t.Errorf("%s shows %q", row.Name, row.Value)
		}
	}
	if none, err := wechatPay(Config{}); none != nil || err != nil {
		t.Errorf("without a merchant: %+v, %v", none, err)
	}
}

func TestAMerchantAccountThatIsNotWhole(t *testing.T) {
	whole := merchantEnviron(t)
	for what, one := range map[string]struct {
		changes map[string]string
		want    string
	}{
		"no app":              {map[string]string{"WECHAT_APP_ID": "", "WECHAT_APP_SECRET": ""}, "WECHAT_APP_ID"},
		"no serial":           {map[string]string{"WECHAT_PAY_SERIAL": ""}, "WECHAT_PAY_SERIAL"},
		"no key":              {map[string]string{"WECHAT_PAY_PRIVATE_KEY_FILE": ""}, "WECHAT_PAY_PRIVATE_KEY_FILE"},
		"a key that is none":  {map[string]string{"WECHAT_PAY_PRIVATE_KEY_FILE": "", "WECHAT_PAY_PRIVATE_KEY": "none"}, "WECHAT_PAY_PRIVATE_KEY"},
		"a short APIv3 key":   {map[string]string{"WECHAT_PAY_APIV3_KEY": "short"}, "WECHAT_PAY_APIV3_KEY"},
		"half a public key":   {map[string]string{"WECHAT_PAY_PUBLIC_KEY_FILE": ""}, "WECHAT_PAY_PUBLIC_KEY_FILE"},
		"another public key":  {map[string]string{"WECHAT_PAY_PUBLIC_KEY_ID": "5157F09E"}, "WECHAT_PAY_PUBLIC_KEY_ID"},
		"another path":        {map[string]string{"WECHAT_PAY_NOTIFY_URL": "https://city.example.cn/"}, "WECHAT_PAY_NOTIFY_URL"},
		"a query":             {map[string]string{"WECHAT_PAY_NOTIFY_URL": "https://city.example.cn" + wechatpay.NotifyPath + "?a=b"}, "WECHAT_PAY_NOTIFY_URL"},
		"notices without TLS": {map[string]string{"WECHAT_PAY_NOTIFY_URL": "http://city.example.cn" + wechatpay.NotifyPath}, "WECHAT_PAY_NOTIFY_URL"},
		"nowhere to tell":     {map[string]string{"PUBLIC_URL": ""}, "WECHAT_PAY_NOTIFY_URL"},
		"another WeChat Pay":  {map[string]string{"WECHAT_PAY_BASE_URL": "https://relay.example.cn"}, "WECHAT_PAY_BASE_URL"},
		"hasty orders":        {map[string]string{"TOP_UP_TTL": "4m"}, "TOP_UP_TTL"},
	} {
		environ := production(whole)
		maps.Copy(environ, one.changes)
		if got := refused(t, environ); !slices.Equal(slices.Compact(got), []string{one.want}) {
			t.Errorf("%s: %v is refused, want %s", what, got, one.want)
		}
	}
	environ := merchantEnviron(t)
	environ["WECHAT_PAY_BASE_URL"], environ["WECHAT_PAY_NOTIFY_URL"] = "http://127.0.0.1:1", "http://127.0.0.1:8080"+wechatpay.NotifyPath
	if got := refused(t, environ); got != nil {
		t.Errorf("development refuses %v", got)
	}
	environ["WECHAT_PAY_PRIVATE_KEY_FILE"] = filepath.Join(t.TempDir(), "none.pem")
	cfg, err := loadConfig(environ)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := wechatPay(cfg); err == nil || !strings.Contains(err.Error(), "WECHAT_PAY_PRIVATE_KEY_FILE") {
		t.Errorf("a file that is not there: %v", err)
	}
}
