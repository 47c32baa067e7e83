package graph

import (
	"entgo.io/contrib/entgql"

	"citygraph/ent/db"
)

// newestContracts orders contracts by falling id, and so by when they were asked for.
func newestContracts() db.CareContractPaginateOption {
	return db.WithCareContractOrder(&db.CareContractOrder{Direction: entgql.OrderDirectionDesc, Field: db.DefaultCareContractOrder.Field})
}

// newestVisits orders visits at home by falling id, and so by when they were asked for.
func newestVisits() db.CareVisitPaginateOption {
	return db.WithCareVisitOrder(&db.CareVisitOrder{Direction: entgql.OrderDirectionDesc, Field: db.DefaultCareVisitOrder.Field})
}

// newestCalls orders calls for help by falling id, and so by when they were made.
func newestCalls() db.HelpCallPaginateOption {
	return db.WithHelpCallOrder(&db.HelpCallOrder{Direction: entgql.OrderDirectionDesc, Field: db.DefaultHelpCallOrder.Field})
}
