package main

import (
	"fmt"
	"io"
	"os"

	"github.com/mattn/go-isatty"
	"github.com/schollz/progressbar/v3"
)

// progress shows how far long work is: a bar on a terminal, a line at each tenth elsewhere.
type progress struct {
	out   io.Writer
	what  string
	unit  string
	bar   *progressbar.ProgressBar
	tenth int
}

func newProgress(out io.Writer, what string) *progress {
	p := &progress{out: out, what: what, unit: "rows"}
	if file, ok := out.(*os.File); ok && isatty.IsTerminal(file.Fd()) {
		p.bar = progressbar.NewOptions(-1, progressbar.OptionSetWriter(out), progressbar.OptionSetDescription(what),
			progressbar.OptionShowCount(), progressbar.OptionSetWidth(40), progressbar.OptionClearOnFinish())
	}
	return p
}

// set shows that so many of total are done; a total of -1 is not known.
func (p *progress) set(done, total int) {
	if p.bar != nil {
		p.bar.ChangeMax(total)
		_ = p.bar.Set(done) // a bar that cannot be drawn is no reason to stop
		return
	}
	if tenth := done * 10 / max(total, 1); tenth > p.tenth && total >= 0 {
		p.tenth = tenth
		fmt.Fprintf(p.out, "%s: %d%% (%d of %d %s)\n", p.what, tenth*10, done, total, p.unit)
	}
}

// say prints a line above the bar.
func (p *progress) say(line string) {
	if p.bar != nil {
		_ = p.bar.Clear()
	}
	fmt.Fprintln(p.out, line)
}

// done ends the bar and says what was reached.
func (p *progress) done(text string) {
	if p.bar != nil {
		_ = p.bar.Finish()
	}
	fmt.Fprintln(p.out, text)
}
