package edge

import (
	"context"
	"crypto/sha256"
	"errors"

	lru "github.com/hashicorp/golang-lru/v2"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
	"github.com/vektah/gqlparser/v2/lexer"
	"github.com/vektah/gqlparser/v2/parser"
	"github.com/vektah/gqlparser/v2/validator"

	"citygraph/internal/fault"
)

// document is a text made ready to run: guarded, validated and priced once, then shared by every
// request that names it. Nothing in it changes afterwards.
type document struct {
	id         string
	text       string
	ast        *ast.QueryDocument
	operations map[string]*operation
}

// operation is one operation of a document.
type operation struct {
	document *document
	ast      *ast.OperationDefinition
	price    price
	cache    cachePolicy
	always   bool // no rate limit refuses it to who is signed in
}

// library finds, prepares and remembers documents.
type library struct {
	Options
	cache *lru.Cache[string, *document]
}

func newLibrary(o Options) *library {
	cache, err := lru.New[string, *document](o.Limits.Documents)
	if err != nil {
		panic(err) // the size is positive by its default
	}
	return &library{Options: o, cache: cache}
}

// operation finds the operation a request names. An id is looked up, never computed, because every
// build tool hashes in its own way; a full text is welcome only where any document is.
func (l *library) operation(q *request) (*operation, *refusal) {
	doc, refusal := l.document(q)
	if refusal != nil {
		return nil, refusal
	}
	if op := doc.operations[q.operationName]; op != nil {
		return op, nil
	}
	if q.operationName == "" && len(doc.operations) == 1 {
		for _, op := range doc.operations {
			return op, nil
		}
	}
	return nil, unfit(errOperationName)
}

func (l *library) document(q *request) (*document, *refusal) {
	if q.documentID != "" && l.Documents != nil {
		if text, ok := l.Documents.Lookup(q.documentID); ok {
			return l.recall("id "+q.documentID, q.documentID, text)
		}
	}
	switch {
	case q.text == "":
		return nil, unfit(errUnknownDocument)
	case !l.AnyDocument:
		return nil, unfit(errOnlyTrusted)
	}
	sum := sha256.Sum256([]byte(q.text))
	return l.recall("text "+string(sum[:]), "", q.text)
}

func (l *library) recall(key, id, text string) (*document, *refusal) {
	if doc, ok := l.cache.Get(key); ok {
		return doc, nil
	}
	doc, refusal := l.prepare(text)
	if refusal != nil {
		return nil, refusal
	}
	doc.id = id
	l.cache.Add(key, doc)
	return doc, nil
}

// prepare takes a text through every check that does not need the variables, cheapest first.
func (l *library) prepare(text string) (*document, *refusal) {
	tree, refusal := l.parse(text)
	if refusal != nil {
		return nil, refusal
	}
	if f := l.Limits.check(tree, l.Introspection); f != nil {
		return nil, unfit(f)
	}
	if refusal := l.validate(tree); refusal != nil {
		return nil, refusal
	}
	whole(tree)
	doc := &document{text: text, ast: tree, operations: map[string]*operation{}}
	for _, op := range tree.Operations {
		doc.operations[op.Name] = &operation{
			document: doc,
			ast:      op,
			price:    priceOf(op, l.Limits),
			cache:    cachePolicyOf(l.Schema.Schema(), op),
			always:   alwaysAdmitted(op),
		}
	}
	return doc, nil
}

// parse reads a text that keeps within its limits. The tokens are counted before the parser builds
// anything from them.
func (l *library) parse(text string) (*ast.QueryDocument, *refusal) {
	if len(text) > l.Limits.DocumentBytes {
		return nil, unfit(errTooComplex)
	}
	source := &ast.Source{Input: text}
	lex := lexer.New(source)
	for n := 0; ; n++ {
		token, err := lex.ReadToken()
		if err != nil {
			return nil, l.syntaxError(err)
		}
		if token.Kind == lexer.EOF {
			break
		}
		if n == l.Limits.Tokens || token.Kind == lexer.Name && len(token.Value) > l.Limits.NameBytes {
			return nil, unfit(errTooComplex)
		}
	}
	tree, err := parser.ParseQuery(source)
	if err != nil {
		return nil, l.syntaxError(err)
	}
	if len(tree.Operations) == 0 {
		return nil, unfit(errNoDocument)
	}
	return tree, nil
}

func (l *library) syntaxError(err error) *refusal {
	var g *gqlerror.Error
	if !errors.As(err, &g) {
		return unfit(errSyntax)
	}
	return &refusal{errors: []*gqlerror.Error{{Err: l.explain(errSyntax, g.Message), Locations: g.Locations}}}
}

// validate checks a guarded document against the schema.
func (l *library) validate(tree *ast.QueryDocument) *refusal {
	found := validator.ValidateWithRules(l.Schema.Schema(), tree, validationRules(l.Limits, l.Suggestions))
	if len(found) == 0 {
		return nil
	}
	r := &refusal{}
	for _, e := range found[:min(len(found), maxRefusalErrors)] {
		f := l.explain(errInvalid, e.Message)
		switch e.Rule {
		case ruleNumbers:
			f = errNumber
		case ruleLists:
			f = errListSize
		}
		r.errors = append(r.errors, &gqlerror.Error{Err: f, Locations: e.Locations})
	}
	return r
}

// explain lets a developer see what the parser or validator found. In production the sentence of f
// stands alone, because theirs repeat the input and name the schema.
func (l *library) explain(f *fault.Fault, found string) *fault.Fault {
	const most = 160
	if !l.Suggestions || found == "" {
		return f
	}
	if runes := []rune(found); len(runes) > most {
		found = string(runes[:most]) + "…"
	}
	return f.Say(found, found)
}

// whole removes @defer, so that an answer always comes in one piece. Run as written, the executor
// would split it, and a transport that sends one answer would lose the rest.
func whole(tree *ast.QueryDocument) {
	for _, op := range tree.Operations {
		undefer(op.SelectionSet)
	}
	for _, f := range tree.Fragments {
		undefer(f.SelectionSet)
	}
}

func undefer(set ast.SelectionSet) {
	for _, item := range set {
		switch item := item.(type) {
		case *ast.Field:
			undefer(item.SelectionSet)
		case *ast.InlineFragment:
			item.Directives = withoutDefer(item.Directives)
			undefer(item.SelectionSet)
		case *ast.FragmentSpread:
			item.Directives = withoutDefer(item.Directives)
		}
	}
}

func withoutDefer(list ast.DirectiveList) ast.DirectiveList {
	var kept ast.DirectiveList
	for _, d := range list {
		if d.Name != "defer" {
			kept = append(kept, d)
		}
	}
	return kept
}

type documentKey struct{}

// prepared hands the executor the document of the context in place of its own parse cache, so that
// it never reads or validates a text itself.
type prepared struct{}

func (prepared) Get(ctx context.Context, _ string) (*ast.QueryDocument, bool) {
	doc, ok := ctx.Value(documentKey{}).(*document)
	if !ok {
		return nil, false
	}
	return doc.ast, true
}

func (prepared) Add(context.Context, string, *ast.QueryDocument) {}
