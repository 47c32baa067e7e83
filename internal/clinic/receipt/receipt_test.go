package receipt_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"citygraph/internal/clinic/receipt"
	"citygraph/internal/lang"
)

func sample(lines int) receipt.Receipt {
	r := receipt.Receipt{
		BillID: "bill_1", Clinic: lang.Text{ZH: "浙江大学医学院附属第一医院", EN: "The First Affiliated Hospital"}, Patient: "王桂英",
		Visit: time.Date(2026, 11, 27, 1, 0, 0, 0, time.UTC), Paid: time.Date(2026, 11, 27, 2, 0, 0, 0, time.UTC),
		Total: 100, Insurance: 50, Credit: 20, Own: 30,
	}
	for i := range lines {
		r.Lines = append(r.Lines, receipt.Line{Code: fmt.Sprintf("C%d", i), Name: "血常规 CBC \U0001F600 " + strings.Repeat("长", 60), Quantity: 1, Total: 1})
	}
	return r
}

func TestAReceiptIsAPDFAndTheSameEachTime(t *testing.T) {
	first, err := receipt.Print(sample(3))
	if err != nil {
		t.Fatal(err)
	}
	again, err := receipt.Print(sample(3))
	if err != nil || !bytes.Equal(first, again) {
		t.Errorf("printed again it differs: %v", err)
	}
	if !bytes.HasPrefix(first, []byte("%PDF-")) || !bytes.Contains(first, []byte("/FontFile2")) || len(first) > 100_000 {
		t.Errorf("%d bytes: no PDF with a part of a font in it", len(first))
	}
}

func TestALongBillTakesSeveralPages(t *testing.T) {
	long, err := receipt.Print(sample(101))
	if err != nil {
		t.Fatal(err)
	}
	if n := bytes.Count(long, []byte("/Type /Page\n")); n < 2 {
		t.Errorf("%d pages", n)
	}
}
