// Command porcupine gives a second verdict on the registers of a history: standard input has one JSON object a line,
// standard output one object with the verdict for each key. The search is that of github.com/anishathalye/porcupine.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"strconv"
	"time"

	"github.com/anishathalye/porcupine"
)

// operation is one line: what a client asked of a register, and what it was told.
type operation struct {
	Key      int     `json:"key"`
	Kind     string  `json:"kind"`
	Start    float64 `json:"start"`
	End      float64 `json:"end"`
	Answered bool    `json:"answered"`
	Value    int64   `json:"value"`
	Expected int64   `json:"expected"`
	Applied  bool    `json:"applied"`
}

// timeout is how long one key may take.
const timeout = 60 * time.Second

// nanoseconds of a time in milliseconds with fractions.
func nanoseconds(milliseconds float64) int64 {
	return int64(math.Round(milliseconds * 1e6))
}

// step says whether the answer is possible with this value, and what the register holds afterwards.
func step(state, input, _ interface{}) (bool, interface{}) {
	value, asked := state.(int64), input.(operation)
	switch asked.Kind {
	case "read":
		return !asked.Answered || asked.Value == value, value
	case "write":
		return true, asked.Value
	default:
		applies := asked.Expected == value
		if asked.Answered && asked.Applied != applies {
			return false, value
		}
		if applies {
			return true, asked.Value
		}
		return true, value
	}
}

func main() {
	verdicts, err := judge(bufio.NewScanner(os.Stdin))
	if err == nil {
		err = json.NewEncoder(os.Stdout).Encode(verdicts)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// judge reads a history and returns the verdict for each key: Ok, Illegal or Unknown.
func judge(lines *bufio.Scanner) (map[string]string, error) {
	lines.Buffer(make([]byte, 0, 64*1024), 1024*1024)
	byKey := map[int][]porcupine.Operation{}
	count := 0
	for lines.Scan() {
		var asked operation
		if err := json.Unmarshal(lines.Bytes(), &asked); err != nil {
			return nil, fmt.Errorf("line %d: %w", count+1, err)
		}
		end := nanoseconds(asked.End)
		if !asked.Answered {
			// It may take effect at any time, also after everything else.
			end = math.MaxInt64
		}
		byKey[asked.Key] = append(byKey[asked.Key], porcupine.Operation{
			ClientId: count,
			Input:    asked,
			Call:     nanoseconds(asked.Start),
			Return:   end,
		})
		count++
	}
	model := porcupine.Model{
		Init: func() interface{} { return int64(0) },
		Step: step,
	}
	verdicts := map[string]string{}
	for key, operations := range byKey {
		verdicts[strconv.Itoa(key)] = string(porcupine.CheckOperationsTimeout(model, operations, timeout))
	}
	return verdicts, lines.Err()
}
