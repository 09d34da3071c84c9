// go-zookeeper's Lock in the workloads `lock` and `handoff`; prints one measurement, as `kazoo_bench run` does.
package main

import (
	"bufio"
	"flag"
	"fmt"
	"io/ioutil"
	"log"
	"math"
	"os"
	"sort"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/samuel/go-zookeeper/zk"
)

const (
	sessions = 10 // of handoff
	warmUp   = time.Second
)

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func connect(address string) *zk.Conn {
	conn, _, err := zk.Connect([]string{address}, 30*time.Second)
	check(err)
	conn.SetLogger(log.New(ioutil.Discard, "", 0))
	_, _, err = conn.Exists("/")
	check(err)
	return conn
}

// run does count cycles, shared among these locks, each in a goroutine of its own. Microseconds of each, sorted.
func run(locks []*zk.Lock, count int) []float64 {
	each := (count + len(locks) - 1) / len(locks)
	all := make([][]float64, len(locks))
	var group sync.WaitGroup
	for i, lock := range locks {
		group.Add(1)
		go func(i int, lock *zk.Lock) {
			defer group.Done()
			for n := 0; n < each; n++ {
				start := time.Now()
				check(lock.Lock())
				check(lock.Unlock())
				all[i] = append(all[i], float64(time.Since(start).Nanoseconds())/1000)
			}
		}(i, lock)
	}
	group.Wait()
	var sorted []float64
	for _, some := range all {
		sorted = append(sorted, some...)
	}
	sort.Float64s(sorted)
	return sorted
}

// warmed gives the rate of the last of growing numbers of cycles.
func warmed(locks []*zk.Lock) float64 {
	for count := 64; ; count *= 2 {
		start := time.Now()
		run(locks, count)
		if took := time.Since(start); took >= warmUp {
			return float64(count) / took.Seconds()
		}
	}
}

func cpuSeconds() float64 {
	var usage syscall.Rusage
	check(syscall.Getrusage(syscall.RUSAGE_SELF, &usage))
	seconds := func(t syscall.Timeval) float64 { return float64(t.Sec) + float64(t.Usec)/1e6 }
	return seconds(usage.Utime) + seconds(usage.Stime)
}

func peakRssKb() string {
	status, err := os.Open("/proc/self/status")
	check(err)
	defer status.Close()
	for lines := bufio.NewScanner(status); lines.Scan(); {
		if words := strings.Fields(lines.Text()); len(words) > 1 && words[0] == "VmHWM:" {
			return words[1]
		}
	}
	return "0"
}

func main() {
	workload := flag.String("workload", "lock", "")
	address := flag.String("address", "", "")
	root := flag.String("root", "", "")
	ops := flag.Int("ops", 0, "")
	seconds := flag.Float64("seconds", 1, "")
	flag.Parse()
	many := 1
	if *workload == "handoff" {
		many = sessions
	}
	var conns []*zk.Conn
	var locks []*zk.Lock
	for i := 0; i < many; i++ {
		conns = append(conns, connect(*address))
		locks = append(locks, zk.NewLock(conns[i], *root+"/locks/go", zk.WorldACL(zk.PermAll)))
	}
	rate := warmed(locks)
	count := *ops
	if count == 0 {
		count = int(math.Ceil(rate * *seconds))
	}
	cpu, start := cpuSeconds(), time.Now()
	microseconds := run(locks, count)
	took, spent := time.Since(start).Seconds(), cpuSeconds()-cpu
	done := len(microseconds)
	fmt.Printf("ops %d rate %.1f cpu_per_100k %.6f p50_us %.1f p99_us %.1f rss_peak_kb %s\n", done, float64(done)/took,
		spent*1e5/float64(done), microseconds[done/2], microseconds[done*99/100], peakRssKb())
	for _, conn := range conns {
		conn.Close()
	}
}
