package edge

import (
	"cmp"
	"time"
)

// Limits bound what one client can ask for. A zero field takes its default.
type Limits struct {
	BodyBytes     int // request body after inflation, or query string: 64 KiB
	DocumentBytes int // 14 KiB
	Tokens        int // 5000
	NameBytes     int // one name: 100

	Operations         int // in one document: 10
	Fragments          int // 100
	Directives         int // 100
	Aliases            int // 100
	RootFields         int // as expanded: 30
	Fields             int // as expanded, per operation: 450
	Depth              int // 10
	IntrospectionDepth int // below __schema and __type: 20

	ListSize    int // any first, last or list in the input: 100
	AssumedSize int // for a list that says no size: 10
	Cost        int // fields × list sizes: 25000

	Documents int // prepared documents kept in memory: 1000

	Files          int           // in one multipart request: 4
	FileBytes      int           // one file: 10 MiB
	FileCost       int           // what a file draws on the budget besides the operation: 5000
	UploadsAtOnce  int           // multipart requests being read: 8
	UploadsPerUser int           // of one session: 2
	UploadTimeout  time.Duration // until the files of one are there: 1 min

	Timeout      time.Duration // of a query or mutation: 15 s
	InitTimeout  time.Duration // from the upgrade to connection_init: 3 s
	WriteTimeout time.Duration // until a client that does not read is cut: 10 s
	Heartbeat    time.Duration // between signs of life on an idle stream: 25 s

	OperationsPerConnection int // running at once on a WebSocket: 20
	OperationsPerUser       int // streams running at once for a session or address: 100
}

func (l Limits) withDefaults() Limits {
	l.BodyBytes = cmp.Or(l.BodyBytes, 64<<10)
	l.DocumentBytes = cmp.Or(l.DocumentBytes, 14<<10)
	l.Tokens = cmp.Or(l.Tokens, 5000)
	l.NameBytes = cmp.Or(l.NameBytes, 100)
	l.Operations = cmp.Or(l.Operations, 10)
	l.Fragments = cmp.Or(l.Fragments, 100)
	l.Directives = cmp.Or(l.Directives, 100)
	l.Aliases = cmp.Or(l.Aliases, 100)
	l.RootFields = cmp.Or(l.RootFields, 30)
	l.Fields = cmp.Or(l.Fields, 450)
	l.Depth = cmp.Or(l.Depth, 10)
	l.IntrospectionDepth = cmp.Or(l.IntrospectionDepth, 20)
	l.ListSize = cmp.Or(l.ListSize, 100)
	l.AssumedSize = cmp.Or(l.AssumedSize, 10)
	l.Cost = cmp.Or(l.Cost, 25000)
	l.Documents = cmp.Or(l.Documents, 1000)
	l.Files = cmp.Or(l.Files, 4)
	l.FileBytes = cmp.Or(l.FileBytes, 10<<20)
	l.FileCost = cmp.Or(l.FileCost, 5000)
	l.UploadsAtOnce = cmp.Or(l.UploadsAtOnce, 8)
	l.UploadsPerUser = cmp.Or(l.UploadsPerUser, 2)
	l.UploadTimeout = cmp.Or(l.UploadTimeout, time.Minute)
	l.Timeout = cmp.Or(l.Timeout, 15*time.Second)
	l.InitTimeout = cmp.Or(l.InitTimeout, 3*time.Second)
	l.WriteTimeout = cmp.Or(l.WriteTimeout, 10*time.Second)
	l.Heartbeat = cmp.Or(l.Heartbeat, 25*time.Second)
	l.OperationsPerConnection = cmp.Or(l.OperationsPerConnection, 20)
	l.OperationsPerUser = cmp.Or(l.OperationsPerUser, 100)
	return l
}
