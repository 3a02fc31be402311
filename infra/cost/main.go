// Command cost prints what a month of 30 days costs at AWS, line by line, for
// 100 thousand to 100 million events a day: the pipelines that the CDK app deploys
// with their default settings, beside what one can make by hand, a rule that leads
// straight to the destination with no function.
//
//	go run ./infra/cost
//
// The output is Markdown; README.md of this folder holds it between <!-- cost -->
// and <!-- /cost -->, and a test compares the two.
//
// Prices stand in price.go; what is deployed and was measured in deployed.go; what
// events become on their way in flow.go; what each step costs in lines.go. The
// arithmetic is done on means: no distribution of sizes, no peaks, no outages.
package main

import (
	"fmt"
	"os"
)

func main() {
	if _, err := fmt.Print(text()); err != nil {
		fmt.Fprintln(os.Stderr, "cost:", err)
		os.Exit(1)
	}
}
