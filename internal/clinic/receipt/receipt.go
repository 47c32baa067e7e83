// Package receipt prints the receipt of a bill as PDF, in Chinese and English.
package receipt

import (
	"bytes"
	"compress/gzip"
	_ "embed" // the font
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"codeberg.org/go-pdf/fpdf"

	"citygraph/internal/clock"
	"citygraph/internal/lang"
	"citygraph/internal/mask"
)

// Receipt is what is printed. Amounts are fen.
type Receipt struct {
	BillID  string
	Clinic  lang.Text
	Patient mask.Name
	Visit   time.Time
	Paid    time.Time
	Lines   []Line

	Total, Insurance, Credit, Own int64
}

// Line is one thing that was paid for.
type Line struct {
	Code, Name string
	Quantity   int
	Total      int64 // fen
}

//go:embed font/DroidSansFallback.ttf.gz
var compressed []byte

// chinese is a font for what the fonts of every PDF reader have no letters for; font/LICENSE.txt lets it be embedded.
var chinese = sync.OnceValues(func() ([]byte, error) {
	r, err := gzip.NewReader(bytes.NewReader(compressed))
	if err != nil {
		return nil, err
	}
	return io.ReadAll(r)
})

const (
	latin  = "Helvetica" // in every reader
	others = "chinese"
	height = 7.0 // of a row, in millimetres
)

// columns are where the parts of a line begin, and where the page's margin is, in millimetres.
var columns = []float64{20, 55, 140, 160, 190}

// page is a document that is being written.
type page struct{ pdf *fpdf.Fpdf }

// Print returns the receipt as a PDF, the same for the same receipt.
func Print(r Receipt) ([]byte, error) {
	font, err := chinese()
	if err != nil {
		return nil, fmt.Errorf("read font: %w", err)
	}
	pdf := fpdf.New("P", "mm", "A4", "")
	pdf.SetCreationDate(r.Paid)
	pdf.SetModificationDate(r.Paid)
	pdf.SetCatalogSort(true)
	pdf.SetTitle("Receipt "+r.BillID, true)
	pdf.SetLang("zh-CN")
	pdf.SetMargins(columns[0], 20, 20)
	pdf.SetAutoPageBreak(true, 20)
	pdf.AddUTF8FontFromBytes(others, "", font)
	pdf.AddPage()
	p := page{pdf}
	p.text(18, "电子收据 Receipt")
	p.text(12, r.Clinic.ZH)
	p.text(12, r.Clinic.EN)
	p.field("账单 Bill", r.BillID)
	p.field("就诊人 Patient", r.Patient.String())
	p.field("就诊时间 Visit", minute(r.Visit))
	p.field("支付时间 Paid", minute(r.Paid))
	pdf.Ln(height / 2)
	p.row(true, "编码 Code", "项目 Item", "数量 Qty", "金额 Amount")
	for _, l := range r.Lines {
		p.row(false, l.Code, l.Name, fmt.Sprint(l.Quantity), yuan(l.Total))
	}
	p.row(true, "", "合计 Total", "", yuan(r.Total))
	p.row(false, "", "医保个人账户 Insurance account", "", yuan(r.Insurance))
	p.row(false, "", "市民卡 Citizen card", "", yuan(r.Own))
	p.row(false, "", "先诊疗后付费 Credit line", "", yuan(r.Credit))
	var out bytes.Buffer
	if err := pdf.Output(&out); err != nil {
		return nil, fmt.Errorf("print receipt: %w", err)
	}
	return out.Bytes(), nil
}

func minute(at time.Time) string { return at.In(clock.Shanghai).Format("2006-01-02 15:04") }

func yuan(fen int64) string { return fmt.Sprintf("CNY %d.%02d", fen/100, fen%100) }

func (p page) field(name, value string) { p.text(10, name+": "+value) }

// text writes a paragraph.
func (p page) text(size float64, s string) {
	p.write(size, s)
	p.pdf.Ln(height * max(size/10, 1))
}

// write writes on from where the pen is, each letter in the font that has it, and wraps at the margin.
func (p page) write(size float64, s string) {
	for _, r := range runs(s) {
		if r.latin {
			p.pdf.SetFont(latin, "", size)
		} else {
			p.pdf.SetFont(others, "", size)
		}
		p.pdf.Write(height*max(size/10, 1), r.text)
	}
}

// row writes a line of the table; one that begins or ends it has a rule above.
func (p page) row(ruled bool, cells ...string) {
	if p.pdf.GetY() > 260 {
		p.pdf.AddPage()
	}
	if ruled {
		p.pdf.Line(columns[0], p.pdf.GetY(), columns[len(columns)-1], p.pdf.GetY())
	}
	top, bottom := p.pdf.GetY(), p.pdf.GetY()
	for i, cell := range cells {
		p.pdf.SetLeftMargin(columns[i])
		p.pdf.SetRightMargin(210 - columns[i+1])
		p.pdf.SetXY(columns[i], top)
		p.write(9, cell)
		bottom = max(bottom, p.pdf.GetY())
	}
	p.pdf.SetLeftMargin(columns[0])
	p.pdf.SetRightMargin(20)
	p.pdf.SetXY(columns[0], bottom+height)
}

// run is text that one font has all letters of.
type run struct {
	latin bool
	text  string
}

// runs cuts a text where the font changes. Letters that neither font knows are written as a mark.
func runs(s string) (all []run) {
	var b strings.Builder
	var now bool
	end := func() {
		if b.Len() > 0 {
			all = append(all, run{now, b.String()})
			b.Reset()
		}
	}
	for _, r := range s {
		ascii := r < 0x7f
		if ascii != now {
			end()
			now = ascii
		}
		if r > 0xffff { // beyond what a subset of a font in a PDF can name
			r = '□'
		}
		b.WriteRune(r)
	}
	end()
	return all
}
