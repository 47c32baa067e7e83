package reconcile

import (
	"bufio"
	"container/heap"
	"encoding/gob"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
)

// inMemory is how many items a sorter holds before it writes them to a file.
const inMemory = 1 << 15

// pull is the next item, and io.EOF after the last.
type pull[T any] func() (T, error)

// sorter sorts more items than fit into memory: it writes runs that do, sorted, and merges them. Equal items come in
// the order they were put.
type sorter[T any] struct {
	compare func(a, b T) int
	held    []T
	runs    []*os.File
}

// put adds an item.
func (s *sorter[T]) put(item T) error {
	if s.held = append(s.held, item); len(s.held) < inMemory {
		return nil
	}
	return s.spill()
}

// spill writes what is held into a file without a name, which is gone with the process.
func (s *sorter[T]) spill() error {
	slices.SortStableFunc(s.held, s.compare)
	f, err := os.CreateTemp("", "citygraph-reconcile-")
	if err != nil {
		return fmt.Errorf("make a run: %w", err)
	}
	s.runs = append(s.runs, f)
	if err := os.Remove(f.Name()); err != nil {
		return fmt.Errorf("hide a run: %w", err)
	}
	buffered := bufio.NewWriter(f)
	encoder := gob.NewEncoder(buffered)
	for i := range s.held {
		if err := encoder.Encode(&s.held[i]); err != nil {
			return fmt.Errorf("write a run: %w", err)
		}
	}
	clear(s.held)
	s.held = s.held[:0]
	return buffered.Flush()
}

// sorted is all that was put, in order.
func (s *sorter[T]) sorted() (pull[T], error) {
	slices.SortStableFunc(s.held, s.compare)
	m := &merge[T]{compare: s.compare}
	for _, f := range s.runs {
		if _, err := f.Seek(0, io.SeekStart); err != nil {
			return nil, fmt.Errorf("read a run: %w", err)
		}
		decoder := gob.NewDecoder(bufio.NewReader(f))
		if err := m.add(func() (item T, err error) {
			err = decoder.Decode(&item)
			return item, err
		}); err != nil {
			return nil, err
		}
	}
	rest := s.held
	err := m.add(func() (item T, err error) {
		if len(rest) == 0 {
			return item, io.EOF
		}
		item, rest = rest[0], rest[1:]
		return item, nil
	})
	heap.Init(m)
	return m.next, err
}

// close gives the files back.
func (s *sorter[T]) close() {
	for _, f := range s.runs {
		_ = f.Close() // it was for this process alone
	}
}

// merge is a heap of sorted runs by their first item.
type merge[T any] struct {
	compare func(a, b T) int
	runs    []run[T]
}

type run[T any] struct {
	first T
	rest  pull[T]
	no    int
}

func (m *merge[T]) add(items pull[T]) error {
	first, err := items()
	if errors.Is(err, io.EOF) {
		return nil
	}
	m.runs = append(m.runs, run[T]{first, items, len(m.runs)})
	return err
}

func (m *merge[T]) next() (T, error) {
	if len(m.runs) == 0 {
		var none T
		return none, io.EOF
	}
	least := &m.runs[0]
	item := least.first
	var err error
	if least.first, err = least.rest(); errors.Is(err, io.EOF) {
		heap.Pop(m)
		return item, nil
	}
	heap.Fix(m, 0)
	return item, err
}

// Len, Less, Swap, Push and Pop are those of heap.Interface.
func (m *merge[T]) Len() int { return len(m.runs) }

func (m *merge[T]) Less(i, j int) bool {
	a, b := &m.runs[i], &m.runs[j]
	order := m.compare(a.first, b.first)
	return order < 0 || order == 0 && a.no < b.no
}

func (m *merge[T]) Swap(i, j int) { m.runs[i], m.runs[j] = m.runs[j], m.runs[i] }

func (m *merge[T]) Push(r any) { m.runs = append(m.runs, r.(run[T])) }

func (m *merge[T]) Pop() any {
	last := m.runs[len(m.runs)-1]
	m.runs = m.runs[:len(m.runs)-1]
	return last
}
