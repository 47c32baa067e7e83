package dataexport

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"

	"citygraph/internal/clock"
	"citygraph/internal/lang"
)

// section is one file of an export.
type section struct {
	file    string   // without .json
	types   []string // the stored types it holds
	about   lang.Text
	collect func(e *Exports, ctx context.Context) (any, error)
}

// archive is the ZIP of the viewer's data. What it reads it reads as that person, so that the row rules
// decide what is theirs.
func (e *Exports) archive(ctx context.Context) ([]byte, error) {
	var out bytes.Buffer
	files, now := zip.NewWriter(&out), e.Clock.Now()
	if err := add(files, "README.txt", now, func(w io.Writer) error {
		_, err := io.WriteString(w, readme(now))
		return err
	}); err != nil {
		return nil, err
	}
	for _, s := range sections {
		rows, err := s.collect(e, ctx)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", s.file, err)
		}
		if err := add(files, s.file+".json", now, func(w io.Writer) error {
			encoder := json.NewEncoder(w)
			encoder.SetIndent("", "  ")
			encoder.SetEscapeHTML(false)
			return encoder.Encode(rows)
		}); err != nil {
			return nil, err
		}
	}
	if err := files.Close(); err != nil {
		return nil, fmt.Errorf("finish archive: %w", err)
	}
	return out.Bytes(), nil
}

func add(files *zip.Writer, name string, at time.Time, write func(io.Writer) error) error {
	w, err := files.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Deflate, Modified: at})
	if err == nil {
		err = write(w)
	}
	if err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	return nil
}

// readme says in both languages what is in the archive.
func readme(now time.Time) string {
	var b strings.Builder
	day := now.In(clock.Shanghai).Format("2006-01-02 15:04")
	fmt.Fprintf(&b, "您的个人数据，导出于%s（北京时间）。\n请妥善保管：打开本文件的人可以看到您的全部信息。\n\n", day)
	for _, s := range sections {
		fmt.Fprintf(&b, "%s.json\t%s\n", s.file, s.about.ZH)
	}
	fmt.Fprintf(&b, "\n时间均为UTC。金额单位为分。推送令牌、密钥等用于技术验证的凭据不在其中。\n\n\n"+
		"Your data, exported at %s (Beijing time).\nKeep it safe: whoever opens this file sees all that is known of you.\n\n", day)
	for _, s := range sections {
		fmt.Fprintf(&b, "%s.json\t%s\n", s.file, s.about.EN)
	}
	b.WriteString("\nTimes are UTC. Amounts are in fen, 1/100 yuan. Push tokens, keys and other credentials are not included.\n")
	return b.String()
}
