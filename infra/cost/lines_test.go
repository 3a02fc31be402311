package main

import (
	"os"
	"slices"
	"strings"
	"testing"
)

// amounts are the lines of bills by their names.
func amounts(t *testing.T, bills ...[]line) map[string]float64 {
	t.Helper()
	m := map[string]float64{}
	for _, bill := range bills {
		for _, l := range bill {
			if _, twice := m[l.what]; twice {
				t.Errorf("two lines say %q", l.what)
			}
			m[l.what] = l.usd
		}
	}
	return m
}

// TestLines is worked out by hand for 864,000 events a day, 10 a second, which are
// 25.92 M a month and come in batches of 11 (see TestFlow).
func TestLines(t *testing.T) {
	f := usual(864_000)
	got := amounts(t, f.bill(864_000))
	invocations := 25_920_000 / 11.0
	ownLog := invocations * (quantity("logBytesAnInvocation") + 11*quantity("logBytesAnEvent") + quantity("platformBytes"))
	want := map[string]float64{
		"EventBridge: events from Okta":                          25.92,    // 25.92 M × 1.00
		"SQS: sends of the rule":                                 10.368,   // 25.92 M × 0.40
		"SQS: receives of Lambda's pollers, empty ones included": 10.368,   // one for each event
		"SQS: deletes, up to ten messages each":                  1.885091, // 2 × 2.356364 M × 0.40
		"Lambda: requests":                                       0.471273, // 2.356364 M × 0.20
		"Lambda: GB-seconds":                                     0.816877,
		// 2.356364 M × 0.104 s × ¼ GB × 0.0000133334
		"CloudWatch Logs: events ingested": 30.174971, // 60.349941 GB × 0.50
		"CloudWatch Logs: events stored":   3.872037,
		// 864,000 × 401 bytes × 400 days = 129.0679 GB × 0.03
		// A GB-month of it costs 0.03 for 3 months, of 0.15 of the bytes and 26 for each of 5 lines.
		"CloudWatch Logs: the function's own log": (ownLog*0.50 + (ownLog*0.15+invocations*5*26)*3*0.03) / 1_073_741_824,
		"CloudWatch: custom metrics":              0.30*quantity("ledgerMetrics") + 0.30*quantity("mappingMetrics"),
		"CloudWatch: alarms":                      3.90, // 39 × 0.10
		"CloudWatch: dashboard":                   3.00,
	}
	for what, usd := range want {
		near(t, what, got[what], usd, 1e-5)
	}
	if len(got) != len(want) {
		t.Errorf("%d lines, and %d are checked", len(got), len(want))
	}
}

// TestLinesToDatadog: 11 logs of 3,000 bytes are one entry of 33 kB, one chunk; 100
// are one of 81 logs, four chunks, and one of 19, one chunk.
func TestLinesToDatadog(t *testing.T) {
	c := wayOf(toDatadog, func(w *way) { w.set.PackBytes, w.recordBytes = 245_760, 3_000 })
	got := amounts(t, c.bill(864_000))
	near(t, "delivery bus", got["EventBridge: packed batches put on the delivery bus"], 2.356364, 1e-5)
	near(t, "API destination", got["EventBridge: API destination, one POST a packed batch"], 0.471273, 1e-5)
	near(t, "secret", got["Secrets Manager: the secret"], 0.40, 0)
	near(t, "alarms", got["CloudWatch: alarms"], 0.10*quantity("alarmsDatadog"), 1e-9)
	got = amounts(t, c.bill(86_400_000)) // 25.92 M batches of 100
	near(t, "delivery bus", got["EventBridge: packed batches put on the delivery bus"], 5*25.92, 1e-5)
	near(t, "API destination", got["EventBridge: API destination, one POST a packed batch"], 25.92, 1e-5)
}

func TestLinesByHand(t *testing.T) {
	toDatadog := wayOf(byHandToDatadog, same).bill(1_000_000)
	got := amounts(t, toDatadog)
	near(t, "a POST an event", got["EventBridge: API destination, one POST an event"], 6, 1e-9) // 30 M × 0.20
	near(t, "total", total(toDatadog), 36, 1e-9)
	got = amounts(t, wayOf(byHandToLogs, same).bill(1_000_000))
	near(t, "ingested", got["CloudWatch Logs: events ingested"], 30e6*quantity("envelopeBytes")/1024/1024/1024/2, 1e-9)
	near(t, "stored", got["CloudWatch Logs: events stored"], 1e6*(quantity("envelopeBytes")*0.15+26)*400/1024/1024/1024*0.03, 1e-9)
}

// TestTheInfrequentClass halves ingestion and leaves everything else but storage.
func TestTheInfrequentClass(t *testing.T) {
	standard := amounts(t, wayOf(toLogs, same).bill(1_000_000))
	infrequent := amounts(t, wayOf(toLogs, infrequent).bill(1_000_000))
	for what, usd := range standard {
		switch what {
		case "CloudWatch Logs: events ingested":
			usd /= 2
		case "CloudWatch Logs: events stored":
			usd = usd / 0.03 * 0.05
		}
		near(t, what, infrequent[what], usd, 1e-9)
	}
}

// TestLinesOverHTTPS: nothing of EventBridge's and CloudWatch's but what every pipeline
// has, a secret, and a call that takes longer.
func TestLinesOverHTTPS(t *testing.T) {
	got := amounts(t, wayOf(overHTTPS, same).bill(864_000))
	like := amounts(t, wayOf(toLogs, same).bill(864_000))
	near(t, "GB-seconds", got["Lambda: GB-seconds"], like["Lambda: GB-seconds"]*204/104, 1e-6)
	near(t, "secret", got["Secrets Manager: the secret"], 0.40, 0)
	near(t, "alarms", got["CloudWatch: alarms"], 0.10*quantity("alarmsHTTPS"), 1e-9)
	if len(got) != len(like)-1 {
		t.Errorf("%d lines, want %d", len(got), len(like)-1)
	}
}

// TestLinesOfTheArchive: at 100 M events a month a million costs two dollars at most, and
// less than by hand into a log group, with all alarms and the dearest reading of how Lambda
// polls; what is stored is said by itself.
func TestLinesOfTheArchive(t *testing.T) {
	c := wayOf(toArchive, same)
	const perDay = 100e6 / daysOfMonth
	perMillion := c.perMillion(perDay)
	hand := wayOf(byHandToLogs, same).perMillion(perDay)
	t.Logf("$%.4f a million, $%.4f by hand", perMillion, hand)
	if perMillion > 2 || perMillion >= hand {
		t.Errorf("a million events cost $%.4f, by hand $%.4f", perMillion, hand)
	}
	// 86,400 a day are one a second, 0.2 for each poller: 13 events in 60 s, 2.592 M a month.
	got := amounts(t, c.bill(86_400))
	near(t, "PUT", got["S3: PUT, one object a batch"], 2_592_000/13.0*0.005/1000, 1e-9)
	a := flow{c, 86_400}
	near(t, "objects", a.invocations(), 2_592_000/13.0, 1e-9)
	near(t, "GB", a.archivedGiB(), 2_592_000*quantity("envelopeBytes")/5.0/1_073_741_824.0, 1e-9)
	if most := (flow{c, 10e6}); a.cold() || !most.cold() {
		t.Error("objects of 13 events are large enough to be moved, or those of 1,158 are not")
	}
}

// TestAFilterOfTheRule saves everything behind the rule and nothing before it.
func TestAFilterOfTheRule(t *testing.T) {
	half := amounts(t, wayOf(toLogs, func(w *way) { w.share = 0.5 }).bill(2_000_000))
	whole := amounts(t, wayOf(toLogs, same).bill(1_000_000))
	for what, usd := range whole {
		if what == "EventBridge: events from Okta" {
			usd *= 2
		}
		near(t, what, half[what], usd, 1e-9)
	}
}

// TestMoreEventsCostMore: no line of any bill gets smaller, and the total grows.
func TestMoreEventsCostMore(t *testing.T) {
	for _, w := range ways() {
		var before []line
		for perDay := 1.0; perDay < 2e9; perDay *= 1.1 {
			bill := w.bill(perDay)
			for i := range before {
				if bill[i].usd < before[i].usd*(1-1e-12) {
					t.Fatalf("%s: %s: %f at %.0f events a day, less than %f", w.title, bill[i].what, bill[i].usd, perDay,
						before[i].usd)
				}
			}
			if before != nil && total(bill) <= total(before) {
				t.Fatalf("%s: the total does not grow at %.0f events a day", w.title, perDay)
			}
			before = bill
		}
	}
}

// TestFactsAreSourced: each price and quantity has a name, a value, and a place and date where it was read, and each is
// used.
func TestFactsAreSourced(t *testing.T) {
	code := ""
	for _, name := range []string{"flow.go", "lines.go", "main.go", "flow_test.go", "measured_test.go"} {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		code += string(text)
	}
	seen := map[string]bool{}
	for _, f := range slices.Concat(prices, quantities) {
		if f.value <= 0 || f.what == "" || f.source == "" || f.dated == "" || seen[f.name] {
			t.Errorf("%+v", f)
		}
		seen[f.name] = true
		if !strings.Contains(code, `"`+f.name+`"`) {
			t.Errorf("nothing uses %s", f.name)
		}
	}
	for _, p := range prices {
		if p.unit == "" {
			t.Errorf("%s has no unit", p.name)
		}
	}
	near(t, "a million requests", usd("sqsRequest", 1_000_000), 0.40, 1e-12)
	near(t, "10,000 requests of KMS", usd("kmsRequest", 10_000), 0.03, 1e-12)
	near(t, "a GB", usd("logsIngestedGiB", 1), 0.50, 1e-12)
}

func TestAmountsAsWritten(t *testing.T) {
	for usd, want := range map[float64]string{0: "0", 0.004: "< 0.01", 0.01: "0.01", 3: "3.00", 99.994: "99.99",
		100.4: "100", 1234.5: "1,235", 12_345_678: "12,345,678"} {
		if got := dollars(usd); got != want {
			t.Errorf("%f is written %s, want %s", usd, got, want)
		}
	}
	if got := difference(-2.5) + difference(2.5) + difference(0.001); got != "−2.50+2.500" {
		t.Error(got)
	}
}
