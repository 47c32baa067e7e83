package wiring

import (
	"context"

	"citygraph/internal/blobstore"
	"citygraph/internal/casephoto"
	"citygraph/internal/clinic/billing"
	"citygraph/internal/dataexport"
	"citygraph/internal/idempotency"
	"citygraph/internal/jobs"
	"citygraph/internal/photo"
	"citygraph/internal/school/attachment"
)

// keepFiles opens the file store, and the rooms and links over it.
func (c *City) keepFiles(ctx context.Context) (err error) {
	o := c.options
	if c.blobs, err = blobstore.Open(ctx, o.Blobs); err != nil {
		return err
	}
	links := blobstore.Links{Key: o.LinkKey, Base: o.Base, Clock: o.Clock}
	c.Exports = &dataexport.Exports{
		DB: c.DB, Store: c.Store, Clock: o.Clock, Events: c.bus, Records: c.Records, Vault: o.Vault,
		Once:  idempotency.Ledger{DB: c.DB, Store: c.Store, Clock: o.Clock},
		Files: c.blobs, Links: links,
		Prepare: func(ctx context.Context, exportID string) error {
			return c.Queue.Enqueue(ctx, dataexport.Args{ExportID: exportID}, jobs.MaxAttempts(dataexport.Attempts))
		},
	}
	c.Photos = &casephoto.Photos{
		DB: c.DB, Store: c.Store, Clock: o.Clock, Vault: o.Vault, Files: c.blobs, Links: links, Studio: photo.NewStudio(0),
		Once: idempotency.Ledger{DB: c.DB, Store: c.Store, Clock: o.Clock},
	}
	c.Attachments = &attachment.Room{
		DB: c.DB, Store: c.Store, Clock: o.Clock, Vault: o.Vault, Files: c.blobs, Links: links, Studio: c.Photos.Studio,
		Once: idempotency.Ledger{DB: c.DB, Store: c.Store, Clock: o.Clock},
	}
	c.Files = blobstore.NewFiles(links, o.Log, map[string]blobstore.Source{
		dataexport.Kind: c.Exports.Download, casephoto.Kind: c.Photos.Open, billing.Kind: c.receipt,
		attachment.Kind: c.Attachments.Open,
	})
	c.Uploads = blobstore.NewUploads(links, o.Log, map[string]blobstore.Sink{
		casephoto.Kind: c.Photos.Receive, attachment.Kind: c.Attachments.Receive,
	})
	return nil
}
