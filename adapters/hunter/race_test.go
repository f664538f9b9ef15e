package hunter_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"leadstream/adapters/hunter"
	"leadstream/internal/testenv"
)

// racerEnv tells this test binary that it is one of the processes of
// TestQuotaIsNeverExceededByProcesses; its value is the Redis.
const racerEnv = "LEADSTREAM_TEST_QUOTA_RACER"

const (
	racers    = 8
	raceLimit = 60
	raceTries = 40
)

// TestQuotaIsNeverExceededByProcesses has eight processes race for one quota.
// Each gives every third request back.
func TestQuotaIsNeverExceededByProcesses(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("runs eight processes")
	}
	db := testenv.SharedRedis(t)
	client := db.Client()
	held := make([]strings.Builder, racers)
	var wg sync.WaitGroup
	for i := range racers {
		racer := exec.Command(os.Args[0], "-test.run=^TestRacer$")
		racer.Env = append(os.Environ(), racerEnv+"="+db.URL())
		racer.Stdout, racer.Stderr = &held[i], os.Stderr
		if err := racer.Start(); err != nil {
			t.Fatal(err)
		}
		wg.Go(func() { _ = racer.Wait() })
	}
	testenv.Eventually(t, 60*time.Second, func() bool { return client.SCard(t.Context(), "racers").Val() == racers }, "all racers are ready")
	client.Set(t.Context(), "go", 1, 0)
	wg.Wait()
	spent := 0
	for i := range held {
		_, text, found := strings.Cut(held[i].String(), "spent ")
		n, err := strconv.Atoi(strings.Fields(text + " -")[0])
		if !found || err != nil {
			t.Fatalf("racer %d said %q", i, held[i].String())
		}
		spent += n
	}
	quota, err := hunter.NewQuota(client, hunter.Searches, raceLimit, time.Now).Quota(t.Context())
	if err != nil || spent != raceLimit || quota.Used != raceLimit {
		t.Errorf("%d spent, %d counted, limit %d; %v", spent, quota.Used, raceLimit, err)
	}
	if most := client.Get(t.Context(), "most").Val(); most == "" || atoi(most) > raceLimit {
		t.Errorf("%s were held or spent at the same time", most)
	}
}

func atoi(text string) int {
	n, _ := strconv.Atoi(text)
	return n
}

// TestRacer is one of the processes.
func TestRacer(t *testing.T) {
	t.Parallel()
	url := os.Getenv(racerEnv)
	if url == "" {
		t.Skip("is run by TestQuotaIsNeverExceededByProcesses")
	}
	options, err := redis.ParseURL(url)
	if err != nil {
		t.Fatal(err)
	}
	client := redis.NewClient(options)
	defer func() { _ = client.Close() }()
	quota := hunter.NewQuota(client, hunter.Searches, raceLimit, time.Now)
	client.SAdd(t.Context(), "racers", os.Getpid())
	testenv.Eventually(t, 60*time.Second, func() bool { return client.Exists(t.Context(), "go").Val() == 1 }, "the race begins")
	spent := 0
	for i := range raceTries {
		spent += race(t.Context(), t, client, quota, i)
	}
	fmt.Printf("spent %d\n", spent) // what the parent reads
}

// most keeps the greatest number of requests that were paid for or held at a time.
var most = redis.NewScript(`local n = redis.call('INCRBY', 'holding', ARGV[1])
if n > tonumber(redis.call('GET', 'most') or 0) then redis.call('SET', 'most', n) end return n`)

func race(ctx context.Context, t *testing.T, client *redis.Client, quota *hunter.PeriodQuota, i int) (spent int) {
	t.Helper()
	r, ok, err := quota.Reserve(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if !ok {
		return 0
	}
	most.Run(ctx, client, nil, 1)
	spend := i%3 != 0
	if !spend {
		most.Run(ctx, client, nil, -1) // before the quota counts it as free
	}
	if err := quota.Settle(ctx, r, spend); err != nil {
		t.Fatal(err)
	}
	if spend {
		return 1
	}
	return 0
}
