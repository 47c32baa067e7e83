package billing

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"time"

	"citygraph/ent/db"
	"citygraph/ent/db/bill"
	"citygraph/internal/audit"
	"citygraph/internal/blobstore"
	"citygraph/internal/clinic/receipt"
	"citygraph/internal/fault"
	"citygraph/internal/id"
	"citygraph/internal/personal"
	"citygraph/internal/vault"
	"citygraph/internal/viewer"
)

// Print is the job that prints the receipt of a bill that was paid.
type Print struct {
	BillID string `json:"bill_id"`
}

// Kind is the job's stable name.
func (Print) Kind() string { return "bill.receipt" }

// Shred is the job that removes the receipts of a patient whose account has ended.
type Shred struct {
	PersonID string `json:"person_id"`
}

// Kind is the job's stable name.
func (Shred) Kind() string { return "bill.shred" }

// Kind is the kind of files that receipts are, and their folder in the store.
const Kind = "receipts"

// linkLife is how long a link to a receipt is good.
const linkLife = 10 * time.Minute

func fileName(billID string) string { return Kind + "/" + billID }

// filePlace binds a sealed receipt to its bill.
func filePlace(billID string) vault.Place {
	return vault.Place{Table: "files", Column: Kind, Row: billID}
}

// PrintReceipt is the worker of Print: it prints, seals under the patient's key and stores the receipt, and then says where it is.
// Run again it makes the same. A patient whose account has ended gets none.
func (d *Desk) PrintReceipt(ctx context.Context, job Print) error {
	b, err := d.DB.Bill.Query().Where(bill.ID(job.BillID)).WithClinic().WithAppointment().Only(system(ctx))
	if db.IsNotFound(err) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("load bill: %w", err)
	}
	key, found, err := d.Records.Key(system(ctx), b.PatientID)
	if err != nil || !found || b.PaidAt == nil || b.ReceiptKey != "" {
		return err
	}
	file, err := draw(key, b)
	if err != nil {
		return err
	}
	sealed, err := key.Seal(filePlace(b.ID), file)
	if err != nil {
		return err
	}
	if err := d.Files.PutBytes(ctx, fileName(b.ID), "application/octet-stream", sealed); err != nil {
		return err
	}
	if err := d.DB.Bill.UpdateOneID(b.ID).SetReceiptKey(fileName(b.ID)).Exec(system(ctx)); err != nil {
		return fmt.Errorf("note the receipt: %w", err)
	}
	return nil
}

func draw(key personal.Key, b *db.Bill) ([]byte, error) {
	lines, err := open(key, b)
	if err != nil {
		return nil, err
	}
	r := receipt.Receipt{
		BillID: b.ID, Clinic: b.Edges.Clinic.Name, Patient: b.Edges.Appointment.PatientName, Visit: b.Edges.Appointment.StartsAt, Paid: *b.PaidAt,
		Total: b.Total, Insurance: b.InsuranceShare, Credit: b.CreditShare, Own: b.SelfShare,
	}
	for _, l := range lines {
		r.Lines = append(r.Lines, receipt.Line{Code: l.Code, Name: l.Name, Quantity: l.Quantity, Total: l.Total()})
	}
	return receipt.Print(r)
}

// The two who may have a receipt, as a link names them.
const (
	forPatient = "patient"
	forPayer   = "payer"
)

// printed reports whether there is a receipt for the viewer.
func (d *Desk) printed(ctx context.Context, b *db.Bill) bool {
	me := viewer.From(ctx).PersonID
	return b.ReceiptKey != "" && me != "" && (me == b.PatientID || me == b.PayerID)
}

// ReceiptURL is a fresh link to the receipt for the patient and for who paid, good for ten minutes; nil for anybody else,
// and until it is printed.
func (d *Desk) ReceiptURL(ctx context.Context, b *db.Bill) *string {
	if !d.printed(ctx, b) {
		return nil
	}
	who := forPayer
	if viewer.From(ctx).PersonID == b.PatientID {
		who = forPatient
	}
	link := d.Links.To(fileName(b.ID)+"."+who, d.Clock.Now().Add(linkLife))
	return &link
}

// Download is the source of files for signed links. The link has been checked and stands for the one it was given to; the deed
// is written into the audit log. Returns NOT_FOUND.
func (d *Desk) Download(ctx context.Context, name string) (*blobstore.File, error) {
	billID, who, _ := strings.Cut(name, ".")
	if !id.Is(billID, id.Bill) {
		return nil, fault.New(fault.NotFound)
	}
	b, err := d.DB.Bill.Get(system(ctx), billID)
	if db.IsNotFound(err) || err == nil && b.ReceiptKey == "" {
		return nil, fault.New(fault.NotFound)
	}
	if err != nil {
		return nil, fmt.Errorf("load bill: %w", err)
	}
	key, found, err := d.Records.Key(system(ctx), b.PatientID)
	if err != nil {
		return nil, err
	}
	if !found {
		return nil, fault.New(fault.NotFound)
	}
	sealed, err := d.Files.ReadAll(ctx, b.ReceiptKey)
	if err != nil {
		return nil, err
	}
	file, err := key.Open(filePlace(b.ID), sealed)
	if err != nil {
		return nil, err
	}
	reader := b.PayerID
	if who == forPatient {
		reader = b.PatientID
	}
	deed := audit.Deed{Action: "downloadReceipt", Subject: b.PatientID, TargetID: b.ID}
	return &blobstore.File{Name: "receipt-" + b.PaidAt.Format("20060102") + ".pdf", Type: "application/pdf", Content: bytes.NewReader(file)},
		audit.Record(viewer.With(ctx, &viewer.Viewer{PersonID: reader}), d.DB, deed)
}

// Forget has the receipts of a person whose account has ended removed, in the transaction of ctx. With the person's key gone
// nobody opens them, nor the lines of their bills, from the commit on; what was paid stays.
func (d *Desk) Forget(ctx context.Context, personID string) error {
	n, err := d.DB.Bill.Update().Where(bill.PatientID(personID), bill.ReceiptKeyNEQ("")).SetReceiptKey("").Save(system(ctx))
	if err != nil {
		return fmt.Errorf("forget receipts: %w", err)
	}
	if n == 0 {
		return nil
	}
	return d.Shred(ctx, Shred{PersonID: personID})
}

// ShredReceipts is the worker of Shred. Run again it finds nothing more to remove.
func (d *Desk) ShredReceipts(ctx context.Context, job Shred) error {
	ids, err := d.DB.Bill.Query().Where(bill.PatientID(job.PersonID), bill.PaidAtNotNil(), bill.ReceiptKey("")).IDs(system(ctx))
	if err != nil {
		return fmt.Errorf("look for receipts: %w", err)
	}
	for _, billID := range ids {
		if err := d.Files.Delete(ctx, fileName(billID)); err != nil {
			return err
		}
	}
	return nil
}
